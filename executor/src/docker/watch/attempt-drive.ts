import type { Outcome } from '@chainr/core/engine/outcome';
import { withOutputs } from '@chainr/core/engine/outputs';
import type { AttemptSpec, RecordStart, WriteGuard } from '../../port.js';
import { SharedDrive } from '../../shared-drive.js';
import type { DockerContext } from '../context.js';
import { statusOf } from '../daemon-errors.js';
import {
  deletedOutcome,
  endOutcome,
  lostOutcome,
  refusalOutcome,
  tombstoneOutcome,
  vanishedOutcome,
} from './docker-outcomes.js';
import { endRemains } from '../end/end-remains.js';
import { endsAttempt, lookAtStep, type StepSight } from './look-at-step.js';
import { prepareStep } from '../start/prepare-step.js';
import { readOutputs } from './read-outputs.js';
import { endServices, serviceGraceMs } from '../services/end-services.js';
import { StartPatience } from '../start/start-patience.js';
import { startContainer } from '../start/start-container.js';
import { takeAway } from '../start/take-away.js';

type Exited = Extract<StepSight, { kind: 'exited' }>;

/**
 * Takes an attempt from step to step while anybody observes it; without a guard it only watches. It keeps no state of
 * its own but reads everything from the daemon, so another worker's drive can continue at any point.
 */
export class AttemptDrive {
  readonly #context: DockerContext;
  readonly shared = new SharedDrive((signal) => this.#driveToEnd(signal));
  /** The containers created under this lease and not started yet: only it starts them. */
  readonly #own = new Set<string>();
  /** The steps whose containers were taken away under this lease, and had never been started. */
  readonly #unstarted = new Set<number>();
  /** Likewise for services. */
  readonly #unstartedServices = new Set<number>();
  readonly #patience: StartPatience;
  #spec: AttemptSpec;
  #guard: WriteGuard | undefined;
  #record: RecordStart | undefined;

  constructor(context: DockerContext, spec: AttemptSpec) {
    this.#context = context;
    this.#spec = spec;
    this.#patience = new StartPatience(context);
  }

  get spec(): AttemptSpec {
    return this.#spec;
  }

  /** What is known to have run, or may have. This may become known after the drive began, and is never forgotten. */
  learn({ begun = false, starts = 0 }: AttemptSpec): void {
    this.#spec = {
      ...this.#spec,
      begun: begun || (this.#spec.begun ?? false),
      starts: Math.max(starts, this.#starts),
    };
  }

  get #serviceCount(): number {
    return this.#spec.services?.length ?? 0;
  }

  get #starts(): number {
    return this.#spec.starts ?? 0;
  }

  /** Continues under a new lease. Containers created under an older one are then not its own. */
  actUnder(guard: WriteGuard, record?: RecordStart): void {
    if (this.#guard !== guard) {
      this.#own.clear();
      this.#unstarted.clear();
      this.#unstartedServices.clear();
    }
    this.#guard = guard;
    this.#record = record;
  }

  /** Services go on until the steps are over. The outcome comes when they have ended, so that their log is whole. */
  async #driveToEnd(signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#drive(signal);
    if (this.spec.services && this.#guard) await endServices(this.#context, this.spec, serviceGraceMs, this.#guardUntil(signal)); // prettier-ignore
    return outcome;
  }

  async #drive(signal: AbortSignal): Promise<Outcome> {
    const watch = this.#context.board.open(this.spec, signal);
    const ended: Exited[] = [];
    const seen = new Set<number>();
    try {
      for (;;) {
        signal.throwIfAborted();
        const index = ended.length;
        const sight = await lookAtStep(this.#context, this.spec, index);
        if (sight.kind === 'exited') {
          ended.push(sight);
          if (endsAttempt(sight)) {
            const written = await readOutputs(this.#context, this.spec.steps.slice(0, ended.length), sight.id);
            return withOutputs(endOutcome(this.spec, ended), written);
          }
          if (ended.length < this.spec.steps.length && this.#guard) this.#context.reach('between-steps');
          continue;
        }
        const outcome = this.#endAt(sight, ended, seen.has(index));
        if (outcome) {
          if (sight.kind === 'missing' && this.#guard) await endRemains(this.#context, this.spec, this.#guardUntil(signal)); // prettier-ignore
          return outcome;
        }
        if (sight.kind === 'running') seen.add(index);
        // A first step may end before anybody sees it run.
        const first = ended[0] ?? (sight.kind === 'running' ? sight : undefined);
        if (first) this.shared.tell({ reason: 'Executing', at: first.startedAt });
        const waits = sight.kind === 'running' || !this.#guard;
        if (waits) await watch.next();
        else await this.#patience.start(this.spec, index, this.#guardUntil(signal), () => this.#advance(sight, index, signal)); // prettier-ignore
      }
    } finally {
      watch.close();
    }
  }

  /** The outcome if nothing can follow; undefined while something may. */
  #endAt(sight: StepSight, ended: readonly Exited[], wasSeen: boolean): Outcome | undefined {
    const { spec } = this;
    if (sight.kind === 'tombstone') return tombstoneOutcome(spec, ended, sight.tombstone);
    if (sight.kind === 'created' && sight.refusal) return refusalOutcome(spec, ended, sight.refusal);
    if (sight.kind !== 'missing') return undefined;
    if (wasSeen || (spec.begun && ended.length === 0)) return deletedOutcome(spec, ended);
    // Somebody removed it (see Started once).
    if (this.#serviceCount + ended.length < this.#starts && !this.#unstarted.has(ended.length))
      return vanishedOutcome(spec, ended);
    return ended.length === 0 && !this.#guard ? lostOutcome('Nothing of it was found on this daemon.') : undefined;
  }

  #guardUntil(signal: AbortSignal): WriteGuard {
    return () => {
      signal.throwIfAborted();
      this.#guard?.();
    };
  }

  async #advance(sight: StepSight, index: number, signal: AbortSignal): Promise<void> {
    const guard = this.#guardUntil(signal);
    if (sight.kind === 'created') {
      if (this.#own.has(sight.id)) {
        await this.#start(index, sight.id, guard);
        return;
      }
      guard();
      if (await takeAway(this.#context, this.spec, index, sight.id)) this.#unstarted.add(index);
      return;
    }
    const id = await prepareStep(this.#context, this.spec, index, {
      guard,
      signal,
      tell: (reason, message) => {
        this.shared.tell({ reason, message, at: Date.now() });
      },
      starts: () => this.#starts,
      unstarted: this.#unstartedServices,
      recordStart: (service) => this.#recordStart(service),
    });
    if (id !== undefined) this.#own.add(id);
  }

  /**
   * A start that the daemon did not answer may still be carried out, and the step may have ended by then. So its
   * container is not started again but taken away.
   */
  async #start(index: number, id: string, guard: WriteGuard): Promise<void> {
    if (this.#starts <= this.#serviceCount + index) await this.#recordStart(this.#serviceCount + index);
    this.#unstarted.delete(index);
    this.#own.delete(id);
    try {
      await startContainer(this.#context, this.spec, index, id, guard);
    } catch (error) {
      if (statusOf(error) !== undefined) this.#own.add(id);
      throw error;
    }
  }

  /** @param container its index among the services and then the steps */
  async #recordStart(container: number): Promise<void> {
    await this.#record?.(container + 1);
    this.#spec = { ...this.#spec, starts: container + 1 };
  }
}
