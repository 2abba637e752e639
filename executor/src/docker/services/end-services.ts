import type { AttemptKey, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { unless } from '../daemon-errors.js';
import { labelFilters, labels } from '../names.js';

/** How long services have to end after the last step: what `docker stop` gives. */
export const serviceGraceMs = 10_000;

/**
 * Ends the services of an attempt, then the holder of their network: the signal that their image names, by default
 * SIGTERM, then SIGKILL after the grace. Does nothing if there are none. The name of the step that follows was taken, so
 * only a service that was created before can be started meanwhile (see `provideServices`).
 */
export async function endServices(
  { docker, instance }: DockerContext,
  key: AttemptKey,
  graceMs: number,
  guard: WriteGuard,
): Promise<void> {
  const found = await docker.listContainers({ all: true, filters: { label: labelFilters(instance(), key) } });
  const open = found.filter(({ State }) => State !== 'exited');
  const services = open.filter(({ Labels }) => labels.service in Labels);
  const t = Math.ceil(Math.max(0, graceMs) / 1000);
  await Promise.all(
    services.map(async ({ Id, State }) => {
      const container = docker.getContainer(Id);
      guard();
      // Without force: one that was started meanwhile stays, and is ended.
      if (State === 'created') await unless([404, 409], container.remove({ force: false }));
      guard();
      await unless([304, 404], container.stop({ t }));
    }),
  );
  for (const { Id, Labels } of open) {
    if (!(labels.network in Labels)) continue;
    guard();
    await unless([404, 409], docker.getContainer(Id).kill());
  }
}
