import type { AttemptSpec, WriteGuard } from '../port.js';
import type { DockerContext } from './context.js';
import { createTombstone } from './create-container.js';
import { reasonOf, statusOf } from './daemon-errors.js';
import { whyNotStarted } from './docker-outcomes.js';
import { lookAtStep } from './look-at-step.js';
import { takeAway } from './take-away.js';

const cannotBeExecuted =
  /attempted to invoke a command that was not found|exec: .*permission denied|unable to find user/;

/**
 * Starts a container that this lease has created, by its id: if another lease has taken the step over meanwhile the
 * id is gone, and nothing starts (invariant I2). What the daemon refuses for good stands in the container's state.
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
    const said = reasonOf(error);
    if (!cannotBeExecuted.test(said)) throw error;
    // Podman keeps no word of it with the container.
    guard();
    await takeAway(context, spec, index, id);
    await createTombstone(context, spec, index, {
      reason: 'ConfigError',
      message: whyNotStarted(spec.steps[index], said),
    });
    return;
  }
  context.reach('after-start');
}
