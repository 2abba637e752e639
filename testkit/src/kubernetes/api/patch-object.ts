import type { KubeObject, Pod } from '../objects.js';
import { checkMetadataUpdate } from '../pods/check-metadata-update.js';
import { checkPodUpdate } from '../pods/check-pod-update.js';
import { checkObject } from '../schema/check-object.js';
import { schemaOf } from '../schema/schemas.js';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch, type JsonPatchStep } from '../store/apply-patch.js';
import type { ObjectStore } from '../store/object-store.js';
import { readBody, type ApiRequest } from './api-request.js';
import { checkStoredSize } from './check-stored-size.js';
import { ApiError, badRequest, conflict, notFound } from './status.js';

/** @returns the object after the patch or update */
export async function changeObject(store: ObjectStore, request: ApiRequest): Promise<KubeObject> {
  const { resource, namespace, name, verb, message } = request;
  const body = await readBody(message);
  const before = store.get(resource.plural, resource.isNamespaced ? namespace : '', name);
  if (!before) throw notFound(resource, name);
  const after = (verb === 'update' ? body : patched(before, body, message.headers['content-type'] ?? '')) as KubeObject;
  if (after.metadata.name !== name) {
    throw badRequest(`the name of the object (${after.metadata.name}) does not match the name on the URL (${name})`);
  }
  if (after.metadata.resourceVersion !== before.metadata.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource.plural, name, why);
  }
  keepSystemFields(before, after);
  checkObject(after);
  checkMetadataUpdate(before, after);
  if (resource.plural === 'pods') checkPodUpdate(before as Pod, after as Pod);
  checkStoredSize(after);
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
      return applyStrategicPatch(before, patch, schemaOf(before.kind) ?? {});
    case 'application/merge-patch+json':
      return applyMergePatch(before, patch);
    case 'application/json-patch+json':
      if (!Array.isArray(patch))
        throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
      return applyJsonPatch(before, patch as JsonPatchStep[]);
    default:
      throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
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
  const isOther = 'spec' in before && JSON.stringify(before.spec) !== JSON.stringify((after as Pod).spec);
  if (isOther && before.metadata.generation !== undefined) after.metadata.generation = before.metadata.generation + 1;
  if ('status' in before) Object.assign(after, { status: before.status });
}
