import type { AttemptKey, WriteGuard } from '../port.js';
import type { DockerContext } from './context.js';
import { unless } from './daemon-errors.js';
import { labelFilters } from './names.js';

/** Kills what still runs of an attempt that lacks a container: somebody removed that one, and not the others. */
export async function endRemains(
  { docker, instance }: DockerContext,
  key: AttemptKey,
  guard: WriteGuard,
): Promise<void> {
  for (const { Id } of await docker.listContainers({ filters: { label: labelFilters(instance(), key) } })) {
    const container = docker.getContainer(Id);
    guard();
    await unless([404, 409], container.kill());
    await unless([404], container.wait());
  }
}
