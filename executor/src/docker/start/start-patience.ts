import type { AttemptSpec, WriteGuard } from '../../port.js';
import type { DockerContext } from '../context.js';
import { createTombstone } from './create-container.js';
import { reasonOf, statusOf } from '../daemon-errors.js';
import { lookAtStep } from '../watch/look-at-step.js';
import { takeAway } from './take-away.js';

/**
 * Gives up on a daemon that answers, but keeps refusing to create or start a step with an error of its own (status 500
 * and up). The attempt is then Lost, with the daemon's message: the next one may find a daemon or a host in better
 * order. A daemon that does not answer has an outage, which is waited out.
 */
export class StartPatience {
  readonly #context: DockerContext;
  #since: { index: number; at: number } | undefined;

  constructor(context: DockerContext) {
    this.#context = context;
  }

  /**
   * Tries one step towards a start.
   * @throws the daemon's error, until the patience is used up
   */
  async start(spec: AttemptSpec, index: number, guard: WriteGuard, start: () => Promise<void>): Promise<void> {
    try {
      await start();
      this.#since = undefined;
    } catch (error) {
      if ((statusOf(error) ?? 0) < 500) throw error;
      if (this.#since?.index !== index) this.#since = { index, at: performance.now() };
      if (performance.now() - this.#since.at < this.#context.startPatienceMs) throw error;
      await this.#giveUp(spec, index, guard, reasonOf(error));
    }
  }

  /** Takes the name, so that nothing can start afterwards. Anything that was started meanwhile goes on. */
  async #giveUp(spec: AttemptSpec, index: number, guard: WriteGuard, said: string): Promise<void> {
    const sight = await lookAtStep(this.#context, spec, index);
    guard();
    if (sight.kind === 'created') await takeAway(this.#context, spec, index, sight.id);
    guard();
    const name = spec.steps[index]?.name ?? '';
    // Services come before the first step.
    const what = index === 0 && spec.services ? 'the job or one of its services' : `step "${name}"`;
    const message = `The Docker daemon could not start ${what}: ${said}.`;
    await createTombstone(this.#context, spec, index, { reason: 'Lost', message });
  }
}
