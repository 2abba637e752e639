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
  try {
    await context.docker.getContainer(id).start();
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    if (status === 304 || status === 404) return;
    const sight = await lookAtStep(context, spec, index);
    if (sight.kind !== 'created' || sight.id !== id || sight.refusal) return;
    throw error;
  }
  context.reach('after-start');
}
