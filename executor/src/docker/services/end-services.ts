import type { AttemptKey, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { labelFilters, labels } from '../names.js';

/** How long services have to end after the last step: what `docker stop` gives. */
export const serviceGraceMs = 10_000;

/**
 * Ends the services of an attempt whose steps are over, then the holder of their network: the signal that their image
 * names, by default SIGTERM, then SIGKILL after the grace. Does nothing if there are none.
 */
export async function endServices(
  { docker, instance }: DockerContext,
  key: AttemptKey,
  graceMs: number,
  guard: WriteGuard,
): Promise<void> {
  const running = await docker.listContainers({ filters: { label: labelFilters(instance(), key) } });
  const withLabel = (label: string): string[] => running.flatMap(({ Id, Labels }) => (label in Labels ? [Id] : []));
  const t = Math.ceil(Math.max(0, graceMs) / 1000);
  await Promise.all(
    withLabel(labels.service).map(async (id) => {
      guard();
      await unless([304, 404], docker.getContainer(id).stop({ t }));
    }),
  );
  for (const id of withLabel(labels.network)) {
    guard();
    await unless([404, 409], docker.getContainer(id).kill());
  }
}
