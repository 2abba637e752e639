import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Pod, Volume } from '../objects.js';
import type { ObjectStore } from '../store/object-store.js';
import { ConfigFailure, readValues } from './environment.js';

/**
 * Makes the volumes of a pod as folders.
 *
 * @returns the folders by the name of the volume
 * @throws ConfigFailure if a Secret or ConfigMap is missing
 */
export function makeVolumes(store: ObjectStore, pod: Pod, folder: string): Map<string, string> {
  const made = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.hostPath) {
      made.set(volume.name, volume.hostPath.path);
      continue;
    }
    const place = `${folder}/volumes/${volume.name}`;
    const files = readFiles(store, pod, volume);
    mkdirSync(place, { recursive: true });
    for (const [name, text] of files) {
      mkdirSync(path.dirname(`${place}/${name}`), { recursive: true });
      writeFileSync(`${place}/${name}`, text);
    }
    // The mode of mkdir is cut by the mask of this process.
    chmodSync(place, 0o777);
    made.set(volume.name, place);
  }
  return made;
}

function readFiles(store: ObjectStore, pod: Pod, { name, secret, configMap, projected }: Volume): [string, string][] {
  const namespace = pod.metadata.namespace ?? '';
  // Of projected volumes only that of the service account is known, which admission adds.
  if (projected) return [['token', 'a token of the stand-in'], ['namespace', namespace], ['ca.crt', '']]; // prettier-ignore
  const [resource, from] = secret ? (['secrets', secret] as const) : (['configmaps', configMap] as const);
  if (!from) return [];
  const source = secret?.secretName ?? configMap?.name ?? '';
  let values: Record<string, string> | undefined;
  try {
    values = readValues(store, resource, namespace, source, from.optional === true);
  } catch (error) {
    if (!(error instanceof ConfigFailure)) throw error;
    throw new ConfigFailure(`MountVolume.SetUp failed for volume "${name}" : ${error.message}`);
  }
  const all = Object.entries(values ?? {});
  if (!from.items) return all;
  return from.items.map(({ key, path: place }) => {
    const found = all.find(([each]) => each === key);
    if (!found)
      throw new ConfigFailure(
        `MountVolume.SetUp failed for volume "${name}" : references non-existent secret key: ${key}`,
      );
    return [place, found[1]];
  });
}
