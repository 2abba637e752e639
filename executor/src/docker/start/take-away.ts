import type Docker from 'dockerode';
import type { AttemptKey } from '../../port.js';
import type { DockerContext } from '../context.js';
import { createTombstone } from './create-container.js';
import { unless } from '../daemon-errors.js';

/**
 * Removes a container that an older lease created and did not start: a frozen owner that wakes up finds its id gone.
 * Without force, so a container that was started meanwhile stays and is adopted. A container that was started and even
 * ended between the look and the removal is removed too. The daemon's events show that, and the attempt is then Lost
 * rather than run twice (see Started once).
 *
 * @returns whether the container is gone and was never started
 */
export async function takeAway(context: DockerContext, key: AttemptKey, index: number, id: string): Promise<boolean> {
  const { docker } = context;
  const since = Math.floor(Date.now() / 1000) - memorySeconds;
  const removed = await unless(
    [404, 409],
    docker
      .getContainer(id)
      .remove({ force: false })
      .then(() => true),
  );
  if (removed !== true) return false;
  if (!(await wasStarted(docker, id, since))) return true;
  const message = 'It was taken over at the moment in which it started and ended; how it ended is not known.';
  await createTombstone(context, key, index, { reason: 'Lost', message });
  return false;
}

/** The container was just seen as not started, so if it was started, then within this time. */
const memorySeconds = 60;

async function wasStarted(docker: Docker, id: string, since: number): Promise<boolean> {
  const filters = { type: ['container' as const], container: [id], event: ['start'] };
  const stream = await docker.getEvents({ since, until: (Date.now() + 2) / 1000, filters });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text.trim() !== '';
}
