import type { FoundAttempt } from '../port.js';
import type { DockerContext } from './context.js';
import { keyOfLabels, labels, nameOfKey } from './names.js';

/** The attempts of this instance that have a container or a workspace here. */
export async function listAttempts({ docker, instance }: DockerContext): Promise<FoundAttempt[]> {
  const filters = { label: [`${labels.instance}=${instance()}`] };
  const [containers, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
  ]);
  const found = new Map<string, FoundAttempt>();
  const add = (named: Readonly<Record<string, string>>, alive: boolean): void => {
    const key = keyOfLabels(named);
    if (!key) return;
    const known = found.get(nameOfKey(key));
    found.set(nameOfKey(key), { ...key, alive: alive || (known?.alive ?? false) });
  };
  for (const { Labels, State } of containers) add(Labels, State === 'running' || State === 'paused');
  for (const { Labels } of Volumes) add(Labels, false);
  return [...found.values()];
}
