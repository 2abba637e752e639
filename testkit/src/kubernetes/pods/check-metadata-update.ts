import { invalid, type FieldMistake } from '../api/status.js';
import type { KubeObject } from '../objects.js';
import { Mistakes } from './mistakes.js';
import { checkAnnotationsSize } from './name-rules.js';

/**
 * What may change of an object's metadata. The API server checks it twice, and tells each mistake twice.
 *
 * @throws ApiError 422
 */
export function checkMetadataUpdate(before: KubeObject, after: KubeObject): void {
  const mistakes = new Mistakes();
  const { uid, finalizers = [], deletionTimestamp, name } = before.metadata;
  if (after.metadata.uid !== uid) mistakes.invalid('metadata.uid', after.metadata.uid, 'field is immutable');
  const added = (after.metadata.finalizers ?? []).filter((finalizer) => !finalizers.includes(finalizer));
  if (deletionTimestamp !== undefined && added.length > 0) {
    const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
    mistakes.forbidden('metadata.finalizers', why);
  }
  checkAnnotationsSize(mistakes, after.metadata.annotations);
  const [found] = mistakes.found;
  if (!found) return;
  const twice: FieldMistake[] = mistakes.found.flatMap((mistake) => [mistake, mistake]);
  const error = invalid(before.kind, '', name, mistakes.found);
  throw Object.assign(error, {
    status: { ...error.status, details: invalid(before.kind, '', name, twice).status.details },
  });
}
