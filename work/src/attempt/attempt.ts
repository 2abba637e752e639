import type { Outcome } from '@chainr/core/engine/outcome';
import type { Reason } from '@chainr/core/engine/reasons';
import type { RetryPolicy } from '@chainr/core/engine/retries';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { AdoptedAttempt, Deadlines } from '@chainr/core/store/script/transition-types';
import type { AttemptSpec, Executor, PhaseChange, Position } from '@chainr/executor/port';
import type { HeldLease, LeaseHolder } from '../leases/held-lease.js';
import type { LeaseKeeper } from '../leases/lease-keeper.js';
import { noMask, type Mask } from '../mask/mask.js';
import { AttemptTimes } from './attempt-times.js';
import type { PendingReferences, ResolvedAttempt } from './attempt-spec.js';

/** How long a second look may take. A running attempt has no end to report. */
const lookMs = 2_000;

/**
 * The life of an attempt in this worker.
 * - `claimed`, `adopted`: nothing was done yet.
 * - `begun`: the executor has it, or a tombstone of it. This worker waits for its end.
 * - `observed`: its end was seen, but is not recorded.
 * - `ended`: its end is recorded. Its log may not be complete.
 * - `closing`: the call that ends the lease was sent, so the lease may be gone without being lost.
 * - `closed`: nothing is left to do.
 * - `left`: this worker gave it up; another worker has it, or will when its lease expires.
 */
export type AttemptPhase = 'claimed' | 'adopted' | 'begun' | 'observed' | 'ended' | 'closing' | 'closed' | 'left';

/** `closing` leads back to `ended` if Redis has lost some of the log. */
const nextPhases: Readonly<Record<AttemptPhase, readonly AttemptPhase[]>> = {
  claimed: ['begun', 'left'],
  adopted: ['begun', 'left'],
  begun: ['observed', 'left'],
  observed: ['ended', 'closing', 'left'],
  ended: ['closing', 'left'],
  closing: ['ended', 'closed', 'left'],
  closed: [],
  left: [],
};

const overPhases: readonly AttemptPhase[] = ['observed', 'ended', 'closing', 'closed'];

/** The state of a log: how much is stored, and how far the executor's output was read. */
export interface LogState {
  length: number;
  position: Position;
}

/** Runs attempts. */
export interface AttemptHost {
  /** The attempt must be stopped. */
  stopRequested(attempt: Attempt): void;
}

/** An attempt that this worker holds, from its claim or adoption until it is closed or left. */
export class Attempt implements LeaseHolder {
  readonly held: HeldLease;
  readonly deadlines: Deadlines;
  /** The user's own retries, if any. */
  readonly retries: RetryPolicy | undefined;
  /** The number of jobs that depend on it. */
  readonly dependents: number;
  /** The state of its log when this worker got it. */
  readonly log: LogState;
  readonly times: AttemptTimes;
  /** Its end, once it was seen. */
  #outcome: Outcome | undefined;
  /** The recording of the interruption, pending or done. */
  interruption: Promise<'ok' | 'stale' | 'late'> | undefined;
  readonly #host: AttemptHost;
  #phase: AttemptPhase = 'claimed';
  #spec: AttemptSpec;
  #references: PendingReferences | undefined;
  #mask = noMask;
  #stop: Reason | undefined;
  /** When a worker was first told to stop it, by `performance.now()`. */
  #stopToldAt = 0;
  #interruptedAt: number | undefined;
  /** Ends the observation. */
  #settle: ((outcome: Outcome) => void) | undefined;

  /** @param sentAt when the claim or adoption was sent, by `performance.now()` */
  constructor(
    { host, leases }: { host: AttemptHost; leases: LeaseKeeper },
    claimed: ClaimedAttempt | AdoptedAttempt,
    sentAt: number,
    { spec, references, deadlines, retries }: ResolvedAttempt,
  ) {
    this.held = leases.hold(claimed.lease, sentAt, this);
    this.deadlines = deadlines;
    this.retries = retries;
    this.dependents = claimed.dependents;
    this.#host = host;
    this.#spec = spec;
    this.#references = references;
    this.log = { length: 0, position: '' };
    this.times = new AttemptTimes(claimed);
    if ('ended' in claimed) this.#adopt(claimed, sentAt);
  }

  #adopt({ ended, logLength, position, stop, stopToldMs, begun, starts }: AdoptedAttempt, sentAt: number): void {
    this.#phase = ended ? 'ended' : 'adopted';
    this.log.length = logLength;
    this.log.position = position;
    this.#spec = { ...this.#spec, begun, starts };
    if (stop === undefined) return;
    this.#stop = stop;
    this.#stopToldAt = sentAt - stopToldMs;
    if (stop === 'Interrupted') this.#interruptedAt = Date.now() - this.stopToldMs;
  }

  get phase(): AttemptPhase {
    return this.#phase;
  }

  /** Throws if the phase cannot follow the present one, which is a bug of the caller. */
  enter(phase: AttemptPhase): void {
    if (!nextPhases[this.#phase].includes(phase)) {
      throw new Error(`an attempt cannot become ${phase}, since it is ${this.#phase}`);
    }
    this.#phase = phase;
    this.held.ending = phase === 'closing';
  }

  /** Gives the attempt up, unless it is closed. */
  leave(): void {
    if (this.#phase !== 'closed' && this.#phase !== 'left') this.enter('left');
  }

  /** Whether its end was seen: nothing of it runs. */
  get isOver(): boolean {
    return overPhases.includes(this.#phase);
  }

  /** Without variables and images while there are `references`. */
  get spec(): AttemptSpec {
    return this.#spec;
  }

  /** What must still be resolved. `resolveReferences` does it before anything else. */
  get references(): PendingReferences | undefined {
    return this.#references;
  }

  /** Hides its secrets in everything that is reported about it. */
  get mask(): Mask {
    return this.#mask;
  }

  /** From now on these secrets are hidden. Call it before anything that was made with them is reported. */
  hide(mask: Mask): void {
    this.#mask = mask;
  }

  /** All references are resolved: steps and services have their values. */
  resolve(filled: Pick<AttemptSpec, 'steps' | 'services'>): void {
    this.#spec = { ...this.#spec, ...filled };
    this.#references = undefined;
  }

  /** Why the attempt must stop; undefined while it may continue. */
  get stop(): Reason | undefined {
    return this.#stop;
  }

  /** How long ago a worker was first told to stop the attempt, in ms; 0 if none was. */
  get stopToldMs(): number {
    return this.#stop === undefined ? 0 : performance.now() - this.#stopToldAt;
  }

  /** The first request counts. */
  requestStop(reason: Reason): void {
    if (this.#stop !== undefined) return;
    this.#stop = reason;
    this.#stopToldAt = performance.now();
    this.#host.stopRequested(this);
  }

  /** Set when this worker shuts down, or an earlier one did: `Date.now()` right before the attempt was stopped. */
  get interruptedAt(): number | undefined {
    return this.#interruptedAt;
  }

  /** This worker is about to stop it. */
  markInterrupted(): void {
    this.#interruptedAt ??= Date.now();
  }

  /** Why it ended, once that was seen: the first request decides (see Causes). */
  get reason(): Reason | undefined {
    return this.#outcome && (this.#stop ?? this.#outcome.reason);
  }

  /** Its end was seen. */
  end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.times.end(outcome);
  }

  /** The outcome, from the executor or from a second look. */
  observe(executor: Executor, onPhase: (change: PhaseChange) => void): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      executor.observe(this.#spec, onPhase, this.held.abandoned).then(resolve, reject);
    });
  }

  /**
   * Looks again, in case its observer is waiting in vain.
   * @returns whether it had ended
   */
  async recheck(executor: Executor): Promise<boolean> {
    if (this.#phase !== 'begun') return false; // Nobody observes it, or its end was seen.
    const soon = AbortSignal.timeout(lookMs);
    const outcome = await executor
      .observe(this.#spec, () => undefined, soon)
      .catch((error: unknown) => {
        if (!soon.aborted) throw error;
        return undefined;
      });
    if (outcome) this.#settle?.(outcome);
    return outcome !== undefined;
  }
}
