import type { AttemptKey, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { labelFilters, labels } from '../names.js';

/**
 * Kills the steps that still run of an attempt that lacks a container: somebody removed that one, and not the others.
 * Services are ended afterwards (`endServices`).
 */
export async function endRemains(
  { docker, instance }: DockerContext,
  key: AttemptKey,
  guard: WriteGuard,
): Promise<void> {
  for (const { Id, Labels } of await docker.listContainers({ filters: { label: labelFilters(instance(), key) } })) {
    if (!(labels.step in Labels)) continue;
    const container = docker.getContainer(Id);
    guard();
    await unless([404, 409], container.kill());
    await unless([404], container.wait());
  }
}
