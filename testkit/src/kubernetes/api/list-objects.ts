import type { ObjectStore } from '../store/object-store.js';
import { parseFieldSelector, parseLabelSelector, type Selector } from '../store/selectors.js';
import type { ApiRequest } from './api-request.js';
import { apiVersionOf } from './resources.js';
import { badRequest, expired } from './status.js';

/** What a list or watch selects, besides its namespace. */
export function readSelector({ query, resource, name }: ApiRequest): Selector {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const tests: Selector[] = [];
  if (labels !== '') tests.push(parseLabelSelector(labels));
  if (fields !== '') tests.push(parseFieldSelector(fields, resource.kind));
  if (name !== '') tests.push(({ metadata }) => metadata.name === name);
  return (object) => tests.every((test) => test(object));
}

interface Continuation {
  version: number;
  /** The key of the last object of the page before. */
  after: string;
}

/** @returns the list as JSON */
export function listObjects(store: ObjectStore, request: ApiRequest): string {
  const { resource, namespace, query } = request;
  const isSelected = readSelector(request);
  const limit = Number(query.get('limit') ?? 0);
  const from = readContinuation(query.get('continue') ?? '', store);
  const keyOf = ({ metadata }: { metadata: { namespace?: string; name: string } }) =>
    `${metadata.namespace ?? ''}/${metadata.name}`;
  const found = store
    .list(resource.plural, namespace)
    .filter((object) => isSelected(object) && (from === undefined || keyOf(object) > from.after));
  const page = limit > 0 ? found.slice(0, limit) : found;
  const version = from?.version ?? store.version;
  const last = page.at(-1);
  const metadata = {
    resourceVersion: String(version),
    ...(page.length < found.length &&
      last && {
        continue: Buffer.from(JSON.stringify({ version, after: keyOf(last) })).toString('base64url'),
        remainingItemCount: found.length - page.length,
      }),
  };
  const head = JSON.stringify({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata });
  const items = page.map((object) => store.textOf(object)).join(',');
  return `${head.slice(0, -1)},"items":[${items}]}`;
}

/** @throws ApiError 410 if the history was compacted since the first page */
function readContinuation(token: string, store: ObjectStore): Continuation | undefined {
  if (token === '') return undefined;
  const text = Buffer.from(token, 'base64url');
  // A token begins with an object; the words are those of Go's decoder.
  if (text[0] !== '{'.charCodeAt(0)) {
    const first = `\\u${(text[0] ?? 0).toString(16).padStart(4, '0')}`;
    const why = `invalid character '${first}' looking for beginning of value`;
    throw badRequest(`invalid continue token: continue key is not valid: ${why}`);
  }
  const parsed = JSON.parse(text.toString()) as Continuation;
  if (parsed.version < store.compactedAt) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
  }
  return parsed;
}
