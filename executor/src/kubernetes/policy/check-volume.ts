import path from 'node:path';
import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { mapOf } from '../patch/parts.js';
import type { Breach } from './breach.js';
import { checkFields } from './check-fields.js';
import { checkImage } from './check-image.js';
import { volumeFields } from './known-fields.js';
import { matches } from './patterns.js';
import type { Policy } from './policy.js';

/** What a policy does not allow of a volume. Secrets and ConfigMaps are a matter of `check-references.ts`. */
export function* checkVolume(place: string, volume: PlainMap, { allow }: Policy): Generator<Breach> {
  for (const [type, source] of Object.entries(volume)) {
    if (type === 'name' || source === undefined) continue;
    const at = `${place}.${type}`;
    const known = Object.hasOwn(volumeFields, type) ? volumeFields[type] : undefined;
    if (known === undefined) {
      if (!matches(allow.volumeTypes, type)) yield { place: at, what: 'is such a volume', rule: `"${type}" in allow.volumeTypes` }; // prettier-ignore
      continue;
    }
    yield* checkFields(at, `spec.volumes.${type}`, source, known, allow.fields);
    if (type === 'hostPath') {
      const { path: folder } = mapOf(source);
      if (!isWithin(allow.hostPaths, folder)) yield { place: `${at}.path`, what: `is ${JSON.stringify(folder)}`, rule: 'it or a folder above it in allow.hostPaths' }; // prettier-ignore
    } else if (type === 'persistentVolumeClaim') {
      const { claimName } = mapOf(source);
      if (!matches(allow.persistentVolumeClaims, claimName)) yield { place: `${at}.claimName`, what: `is ${JSON.stringify(claimName)}`, rule: 'it in allow.persistentVolumeClaims' }; // prettier-ignore
    } else if (type === 'image') {
      yield* checkImage(`${at}.reference`, mapOf(source)['reference'], allow.images);
    }
  }
}

/** Links on the node are not followed: nothing here can see them. */
function isWithin(folders: readonly string[], folder: unknown): boolean {
  if (typeof folder !== 'string' || !folder.startsWith('/') || folder.split('/').includes('..')) return false;
  const place = path.posix.join(folder, '/');
  return folders.some((each) => place.startsWith(path.posix.join(each, '/')));
}
