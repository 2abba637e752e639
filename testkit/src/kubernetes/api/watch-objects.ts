import type { ServerResponse } from 'node:http';
import type { Change, ObjectStore } from '../store/object-store.js';
import type { ApiRequest } from './api-request.js';
import { readSelector } from './list-objects.js';
import { apiVersionOf } from './resources.js';
import { ApiError, expired, type Status } from './status.js';

/** An open watch, for the control surface. */
export interface OpenWatch {
  /** Sends a bookmark if the client allowed them. */
  bookmark: () => void;
  /** Ends the connection as a failed network does. */
  cut: () => void;
}

/** The API server sends a bookmark about once a minute. */
const bookmarkEveryMs = 60_000;

/** Streams changes until the client, a timeout or a control ends it. */
export function watchObjects(
  store: ObjectStore,
  request: ApiRequest,
  response: ServerResponse,
  open: Set<OpenWatch>,
): void {
  const { resource, namespace, query } = request;
  const isSelected = readSelector(request);
  const isMine = ({ metadata }: { metadata: { namespace?: string } }) =>
    namespace === '' || !resource.isNamespaced || metadata.namespace === namespace;
  const given = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(given))
    throw new ApiError(
      500,
      undefined,
      `resourceVersion: Invalid value: "${given}": strconv.ParseUint: parsing "${given}": invalid syntax`,
    );
  const from = Number(given || 0);

  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  if (from > 0 && from < store.compactedAt) {
    const { status } = expired(`too old resource version: ${from} (${store.compactedAt})`);
    return endWithError(response, status);
  }
  const send = (type: string, object: string): void => {
    response.write(`{"type":"${type}","object":${object}}\n`);
  };
  const tell = ({ type, resource: plural, object, previous }: Change): void => {
    if (plural !== resource.plural || !isMine(object)) return;
    // An object that leaves or enters the selection is deleted or added for this watch.
    const was = previous !== undefined && isSelected(previous);
    const is = type !== 'DELETED' && isSelected(object);
    if (is) send(was ? 'MODIFIED' : 'ADDED', store.textOf(object));
    else if (was) send('DELETED', store.textOf(object));
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    if (!isTrue(query.get('allowWatchBookmarks'))) return;
    const metadata = {
      resourceVersion: String(store.version),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    send('BOOKMARK', JSON.stringify({ kind: resource.kind, apiVersion: apiVersionOf(resource), metadata }));
  };

  if (from === 0 && query.get('sendInitialEvents') !== 'false') {
    for (const object of store.list(resource.plural, namespace))
      if (isSelected(object)) send('ADDED', store.textOf(object));
  } else for (const change of store.since(from)) tell(change);
  if (isTrue(query.get('sendInitialEvents'))) bookmark({ 'k8s.io/initial-events-end': 'true' });

  const unsubscribe = store.subscribe(tell);
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? 0);
  const ending = timeoutSeconds > 0 ? setTimeout(() => response.end(), timeoutSeconds * 1_000) : undefined;
  const marking = setInterval(bookmark, bookmarkEveryMs);
  const watch: OpenWatch = { bookmark: () => bookmark(), cut: () => response.destroy() };
  open.add(watch);
  response.on('close', () => {
    unsubscribe();
    clearTimeout(ending);
    clearInterval(marking);
    open.delete(watch);
  });
}

/** How a watch tells an error once its stream has begun. */
export function endWithError(response: ServerResponse, status: Status): void {
  response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
}

const isTrue = (value: string | null): boolean => value === 'true' || value === '1';
