import type { Part } from '@chainr/core/service/lifecycle';
import { bundleMax } from '@chainr/core/store/script/library';
import type { AdoptedAttempt } from '@chainr/core/store/script/transition-types';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { AttemptKey } from '@chainr/executor/port';
import type { Attempt } from './attempt.js';
import { AttemptSpecs } from './attempt-spec.js';
import type { WorkContext } from '../context.js';
import { HandedOver, type HeldLease } from '../leases/held-lease.js';
import { noMask } from '../mask/mask.js';
import { closeEndedAttempt, runAttempt, stopAttempt } from './run-attempt.js';

/** The most fused dependents in a row. Then the queue gets its turn, for the sake of other runs. */
const fusionHops = 50;
/** As many as a message carries: what one worker takes at once, others cannot run. */
const fusedMax = bundleMax;

/** How long Redis may take to record the interruption of an attempt when a person asked to kill everything at once. */
const recordBeforeKillMs = 1_000;

/** How long a second look may take. A running attempt has no end to report. */
const lookMs = 2_000;

/** All attempts that this worker holds. */
export class AttemptRunner implements Part {
  readonly name = 'attempts';
  readonly #context: WorkContext;
  readonly #specs = new AttemptSpecs();
  readonly #attempts = new Set<Attempt>();
  readonly #underWay = new Set<Promise<void>>();
  #stopping = false;

  constructor(context: WorkContext) {
    this.#context = context;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Alone on its executor: interrupts running attempts, and resolves when all of them are back in the queue and closed.
   * Otherwise: hands all over, while they run, to the other workers of the executor.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const attempts = [...this.#attempts];
    if (this.#context.config.alone) await Promise.all(attempts.map((attempt) => this.#interrupt(attempt)));
    else await this.#handOver(attempts.map(({ held }) => held));
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** All attempts that this worker holds. */
  list(): readonly Attempt[] {
    return [...this.#attempts];
  }

  holds({ run, job, attempt }: AttemptKey): boolean {
    return this.list().some(({ spec }) => spec.run === run && spec.job === job && spec.attempt === attempt);
  }

  /**
   * Looks again at an attempt whose observer may be waiting in vain.
   * @returns whether it had ended
   */
  async recheck({ spec, settle }: Attempt): Promise<boolean> {
    if (!settle) return false; // Nobody observes it yet.
    const soon = AbortSignal.timeout(lookMs);
    const outcome = await this.#context.executor
      .observe(spec, () => undefined, soon)
      .catch((error: unknown) => {
        if (!soon.aborted) throw error;
        return undefined;
      });
    if (outcome) settle(outcome);
    return outcome !== undefined;
  }

  get running(): number {
    return this.#attempts.size;
  }

  /** Kills attempts that are being stopped, during a shutdown. */
  killAll(): void {
    for (const attempt of this.#attempts) this.#track(this.#kill(attempt));
  }

  /** Runs a claimed attempt. The caller took its place in the capacity; it is given back here. */
  startClaimed(claimed: ClaimedAttempt, sentAt: number): void {
    this.#track(this.#runChain(claimed, sentAt));
  }

  /** Continues an attempt that another owner began. */
  startAdopted(adopted: AdoptedAttempt, sentAt: number): void {
    this.#context.capacity.takeOverCapacity();
    this.#track(adopted.ended ? this.#closeEnded(adopted, sentAt) : this.#runChain(adopted, sentAt, adopted));
  }

  async #runChain(
    first: ClaimedAttempt,
    sentAt: number,
    { logLength = 0, position = '', hops = 0, ...adopted }: Partial<AdoptedAttempt> & { hops?: number } = {},
  ): Promise<void> {
    try {
      let attempt: Attempt | undefined = this.#takeInHand(first, sentAt, { length: logLength, position }, adopted);
      for (let hop = hops; attempt; hop += 1) attempt = await this.#runOne(attempt, hop);
    } finally {
      this.#context.capacity.release();
    }
  }

  /**
   * @returns a dependent that came back claimed, which gets the attempt's own place; others start beside it. They are
   * registered before the attempt is released: the data of their run came with its first attempt.
   */
  async #runOne(attempt: Attempt, hops: number): Promise<Attempt | undefined> {
    let extraPlaces = 0;
    const places = () => {
      if (this.#stopping || this.#context.capacity.draining) return 0;
      if (hops >= fusionHops || attempt.dependents === 0) return 0;
      extraPlaces = this.#context.capacity.take(Math.min(attempt.dependents, fusedMax) - 1);
      return 1 + extraPlaces;
    };
    try {
      const { fused, closed } = await runAttempt(this.#context, attempt, places);
      const [next, ...others] = fused.claimed;
      for (const claimed of others) this.#track(this.#runChain(claimed, fused.sentAt, { hops: hops + 1 }));
      extraPlaces -= others.length;
      const dependent = next && this.#takeInHand(next, fused.sentAt, { length: 0, position: '' });
      if (closed) this.#track(this.#letGoWhen(closed, attempt));
      else this.#letGo(attempt);
      return dependent;
    } catch (error) {
      this.#logLoss(attempt, error);
      this.#letGo(attempt);
      return undefined;
    } finally {
      for (; extraPlaces > 0; extraPlaces -= 1) this.#context.capacity.release();
    }
  }

  async #letGoWhen(closed: Promise<void>, attempt: Attempt): Promise<void> {
    try {
      await closed;
    } catch (error) {
      this.#logLoss(attempt, error);
    } finally {
      this.#letGo(attempt);
    }
  }

  async #closeEnded(adopted: AdoptedAttempt, sentAt: number): Promise<void> {
    const log = { length: adopted.logLength, position: adopted.position };
    const attempt = this.#takeInHand(adopted, sentAt, log, adopted);
    try {
      const cut = adopted.stop !== undefined;
      await closeEndedAttempt(this.#context, attempt, { logEnded: adopted.logEnded, cut });
    } catch (error) {
      this.#logLoss(attempt, error);
    } finally {
      this.#letGo(attempt);
      this.#context.capacity.release();
    }
  }

  /** A claim may still return during a shutdown. It is then treated like the others. */
  #takeInHand(
    claimed: ClaimedAttempt,
    sentAt: number,
    log: Attempt['log'],
    { stop, stopToldMs = 0, begun = false }: Pick<Partial<AdoptedAttempt>, 'stop' | 'stopToldMs' | 'begun'> = {},
  ): Attempt {
    const held = this.#context.leases.hold(claimed.lease, sentAt);
    const { spec, ...resolved } = this.#specs.resolve(claimed);
    const attempt: Attempt = {
      held,
      spec: begun ? { ...spec, begun } : spec,
      ...resolved,
      mask: noMask,
      dependents: claimed.dependents,
      log,
    };
    if (stop !== undefined) held.requestStop(stop, stopToldMs + performance.now() - sentAt);
    if (stop === 'Interrupted') attempt.interruptedAt = Date.now() - held.stopToldMs;
    held.onStop = () => {
      this.#track(this.#stopRequested(attempt));
    };
    this.#attempts.add(attempt);
    if (this.#stopping) this.#track(this.#context.config.alone ? this.#interrupt(attempt) : this.#handOver([held]));
    return attempt;
  }

  /** A deadline passed, or the run is to end. Its end is reported like any other. */
  async #stopRequested(attempt: Attempt): Promise<void> {
    try {
      await stopAttempt(this.#context, attempt);
    } catch (error) {
      this.#logLoss(attempt, error);
    }
  }

  /** No renewal may follow the release; it would delay the adoption. */
  async #handOver(held: readonly HeldLease[]): Promise<void> {
    const { leases, store, logger } = this.#context;
    for (const each of held) each.handOver();
    await leases.letGo(held);
    const list = held.map(({ lease }) => lease);
    const released = await store.transitions.release(this.#context.executorNumber(), list);
    logger.info({ event: 'attempts.handed-over', released }, 'Attempts were handed over');
  }

  #letGo(attempt: Attempt): void {
    this.#context.leases.release(attempt.held);
    this.#specs.release(attempt.spec.run);
    this.#attempts.delete(attempt);
  }

  /** Another attempt will follow, whoever sees the end of this one. That is recorded before the first signal. */
  async #interrupt(attempt: Attempt): Promise<void> {
    const { held } = attempt;
    if ((await this.#recordInterruption(attempt, this.#context.config.stopGraceMs)) === 'stale') return;
    attempt.interruptedAt ??= Date.now();
    held.requestStop('Interrupted');
  }

  /** Like `#interrupt`, without a grace. */
  async #kill(attempt: Attempt): Promise<void> {
    const { executor, logger } = this.#context;
    if ((await this.#recordInterruption(attempt, recordBeforeKillMs)) === 'stale') return;
    attempt.interruptedAt ??= Date.now();
    try {
      await executor.stop(attempt.spec, 0, attempt.held.guard);
    } catch (error) {
      const { lease } = attempt.held;
      const event = { event: 'interrupt.failed', lease, err: attempt.mask.error(error) };
      logger.warn(event, 'An attempt could not be stopped');
    }
  }

  /**
   * `late`: Redis does not answer. The attempt is stopped anyway. If this worker exits before Redis is back, the next
   * one takes the signal for the attempt's own end.
   */
  async #recordInterruption(attempt: Attempt, patienceMs: number): Promise<'ok' | 'stale' | 'late'> {
    const { store, logger } = this.#context;
    const { lease } = attempt.held;
    attempt.interruption ??= store.transitions.interrupt(lease).catch((error: unknown) => {
      logger.warn({ event: 'interrupt.not-recorded', lease, err: error }, 'Redis did not record an interruption');
      return 'late';
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, patienceMs, 'late')));
    const recorded = await Promise.race([attempt.interruption, late]).finally(() => { clearTimeout(timer); }); // prettier-ignore
    if (recorded === 'late') {
      const sentence = 'Redis does not answer: stopping an attempt before its restart could be recorded';
      logger.warn({ event: 'interrupt.not-recorded', lease }, sentence);
    }
    return recorded;
  }

  /** An attempt that this worker drops unended belongs to another worker, or will when its lease expires. */
  #logLoss({ held, spec, mask }: Attempt, error: unknown): void {
    if (error instanceof HandedOver) return;
    const { run, job, attempt } = spec;
    this.#context.logger.warn(
      { event: 'attempt.left', run, job, attempt, epoch: held.lease.epoch, err: mask.error(error) },
      'An attempt was given up',
    );
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
