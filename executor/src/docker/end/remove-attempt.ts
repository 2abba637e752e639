import type { AttemptKey, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { labelFilters, nameOfKey, volumeName } from '../names.js';

/** Removes an ended attempt's containers, then its workspace. Throws if anything still runs. */
export async function removeAttempt(context: DockerContext, key: AttemptKey, guard: WriteGuard): Promise<void> {
  const { docker, instance } = context;
  const filters = { label: labelFilters(instance(), key) };
  const containers = await docker.listContainers({ all: true, filters });
  if (containers.some(({ State }) => State === 'running' || State === 'paused')) {
    throw new Error(`${nameOfKey(key)} still runs; stop it first.`);
  }
  for (const { Id } of containers) {
    guard();
    await unless([404], docker.getContainer(Id).remove({ v: true, force: false }));
  }
  guard();
  await unless([404], docker.getVolume(volumeName(instance(), key)).remove());
}
