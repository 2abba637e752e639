import type { AttemptSpec, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { statusOf } from '../daemon-errors.js';
import { lookAtStep } from '../watch/look-at-step.js';

/**
 * Starts a container that this lease created, by its id. If another lease took the step over meanwhile, the id is gone
 * and nothing starts (see Started once). A permanent refusal of the daemon is recorded in the container's state.
 */
export async function startContainer(
  context: DockerContext,
  spec: AttemptSpec,
  index: number,
  id: string,
  guard: WriteGuard,
): Promise<void> {
  guard();
  const isStarted = await startCreated(context, id, () => lookAtStep(context, spec, index));
  if (isStarted) context.reach('after-start');
}

/**
 * Starts a container by its id, unless it is gone, or was started before.
 * @returns false if the next look says what became of it: a refusal of the daemon is in its state
 * @throws the daemon's error while the container stands as it was created
 */
export async function startCreated(
  { docker }: DockerContext,
  id: string,
  look: () => Promise<{ kind: string; id?: string; refusal?: object }>,
): Promise<boolean> {
  try {
    await docker.getContainer(id).start();
    return true;
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    if (status === 304 || status === 404) return false;
    const sight = await look();
    if (sight.kind !== 'created' || sight.id !== id || sight.refusal) return false;
    throw error;
  }
}
