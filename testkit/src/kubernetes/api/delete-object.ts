import type { KubeObject, Pod } from '../objects.js';
import { now, type ObjectStore } from '../store/object-store.js';
import { readBody, type ApiRequest } from './api-request.js';
import { readSelector } from './list-objects.js';
import { apiVersionOf, type Resource } from './resources.js';
import { badRequest, conflict, notFound } from './status.js';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** @returns the answer: the pod as it is now, or a Status for other kinds that are gone */
export async function deleteObject(store: ObjectStore, request: ApiRequest): Promise<unknown> {
  const { resource, namespace, name } = request;
  const options = await readOptions(request);
  const object = store.get(resource.plural, resource.isNamespaced ? namespace : '', name);
  if (!object) throw notFound(resource, name);
  checkPreconditions(object, options);
  const left = beginDeletion(store, resource, object, options);
  const isGone = store.get(resource.plural, resource.isNamespaced ? namespace : '', name) === undefined;
  if (!isGone || resource.kind === 'Pod') return left;
  const details = {
    name,
    ...(resource.group !== '' && { group: resource.group }),
    kind: resource.plural,
    uid: object.metadata.uid,
  };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** Deletes all that a selector selects. */
export async function deleteCollection(store: ObjectStore, request: ApiRequest): Promise<unknown> {
  const { resource, namespace } = request;
  const isSelected = readSelector(request);
  const options = await readOptions(request);
  const items = store
    .list(resource.plural, namespace)
    .filter(isSelected)
    .map((object) => beginDeletion(store, resource, object, options));
  const metadata = { resourceVersion: String(store.version) };
  return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items };
}

async function readOptions({ message, query }: ApiRequest): Promise<DeleteOptions> {
  const options = ((await readBody(message)) ?? {}) as DeleteOptions;
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) options.gracePeriodSeconds ??= Number(grace);
  const seconds = options.gracePeriodSeconds;
  if (seconds !== undefined && !Number.isInteger(seconds)) throw badRequest(`gracePeriodSeconds: ${String(seconds)}`);
  return options;
}

function checkPreconditions({ kind, metadata }: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const refuse = (field: string, wanted: string, found: string, hint: string) => {
    const why = `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${found}). The object might have been ${hint}`;
    return conflict(kind, metadata.name, why);
  };
  if (uid !== undefined && uid !== metadata.uid) throw refuse('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
  }
}

/**
 * Marks an object as deleted, or removes it if nothing holds it back: `BeforeDelete` of the API server. A pod that runs
 * gets its grace, which a later deletion can only shorten.
 */
export function beginDeletion(
  store: ObjectStore,
  { plural }: Resource,
  object: KubeObject,
  { gracePeriodSeconds }: DeleteOptions = {},
): KubeObject {
  const grace = plural === 'pods' ? graceOf(object as Pod, gracePeriodSeconds) : 0;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp !== undefined && grace >= deletionGracePeriodSeconds) return object;
  const begun =
    deletionTimestamp === undefined ? Date.now() : Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000;
  const marked = store.update(plural, object, ({ metadata }) => {
    metadata.deletionTimestamp = now(begun + grace * 1_000);
    metadata.deletionGracePeriodSeconds = grace;
    if (metadata.generation !== undefined) metadata.generation += 1;
  });
  return marked ?? object;
}

function graceOf({ spec, status }: Pod, given: number | undefined): number {
  const isOver = ['Succeeded', 'Failed'].includes(status.phase);
  if (spec.nodeName === undefined || isOver) return 0;
  const grace = given ?? spec.terminationGracePeriodSeconds ?? 0;
  return grace < 0 ? 1 : grace;
}
