import type { KubeObject } from '../objects.js';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch, type JsonPatchStep } from '../store/apply-patch.js';
import type { ObjectStore } from '../store/object-store.js';
import { readBody, type ApiRequest } from './api-request.js';
import { ApiError, badRequest, conflict, notFound } from './status.js';

/** Refuses a change that the kind does not allow. */
export type CheckUpdate = (before: KubeObject, after: KubeObject, request: ApiRequest) => void;

/** @returns the object after the patch or update */
export async function changeObject(store: ObjectStore, request: ApiRequest, check: CheckUpdate): Promise<KubeObject> {
  const { resource, namespace, name, verb, message } = request;
  const body = await readBody(message);
  const before = store.get(resource.plural, resource.isNamespaced ? namespace : '', name);
  if (!before) throw notFound(resource, name);
  const after = (verb === 'update' ? body : patched(before, body, message.headers['content-type'] ?? '')) as KubeObject;
  if (after.metadata.name !== name) {
    throw badRequest(`the name of the object (${after.metadata.name}) does not match the name on the URL (${name})`);
  }
  const { uid, resourceVersion } = after.metadata;
  if (uid !== before.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`;
    throw conflict(resource, name, why);
  }
  if (resourceVersion !== before.metadata.resourceVersion) {
    throw conflict(
      resource,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
  keepSystemFields(before, after);
  check(before, after, request);
  const changed = store.update(resource.plural, before, (draft) => {
    for (const field of Object.keys(draft))
      if (!(field in after)) delete (draft as unknown as Record<string, unknown>)[field];
    Object.assign(draft, after);
  });
  return changed ?? after;
}

function patched(before: KubeObject, patch: unknown, contentType: string): unknown {
  const [type] = contentType.split(';');
  switch (type) {
    case 'application/strategic-merge-patch+json':
      return applyStrategicPatch(before, patch);
    case 'application/merge-patch+json':
      return applyMergePatch(before, patch);
    case 'application/json-patch+json':
      if (!Array.isArray(patch))
        throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
      return applyJsonPatch(before, patch as JsonPatchStep[]);
    default: {
      const accepted =
        'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor';
      const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
      throw new ApiError(415, 'UnsupportedMediaType', message);
    }
  }
}

/** Clients cannot change these: what they send is ignored, as the API server ignores it. */
function keepSystemFields(before: KubeObject, after: KubeObject): void {
  const { deletionTimestamp, deletionGracePeriodSeconds, creationTimestamp } = before.metadata;
  Object.assign(after.metadata, { creationTimestamp });
  if (deletionTimestamp === undefined) delete after.metadata.deletionTimestamp;
  else after.metadata.deletionTimestamp = deletionTimestamp;
  if (deletionGracePeriodSeconds === undefined) delete after.metadata.deletionGracePeriodSeconds;
  else after.metadata.deletionGracePeriodSeconds = deletionGracePeriodSeconds;
  if ('status' in before) Object.assign(after, { status: before.status });
}
