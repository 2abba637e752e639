import type { Part } from '@chainr/core/service/lifecycle';
import { bundleMax } from '@chainr/core/store/script/library';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { AdoptedAttempt } from '@chainr/core/store/script/transition-types';
import type { AttemptKey } from '@chainr/executor/port';
import type { WorkContext } from '../context.js';
import { HandedOver, type HeldLease } from '../leases/held-lease.js';
import { Attempt, type AttemptHost } from './attempt.js';
import { AttemptSpecs } from './attempt-spec.js';
import { closeUnreadAttempt } from './close-attempt.js';
import { countAttempt, showAttempts } from './count-attempt.js';
import { closeAfterEnd, endAttempt, endBeforeNext, findNext, type FusedDependents } from './end-attempt.js';
import { runAttempt } from './run-attempt.js';
import { interruptAttempt, killAttempt, stopAttempt } from './stop-attempt.js';

/** The most fused dependents in a row. Then the queue gets its turn, for the sake of other runs. */
const fusionHops = 50;
/** As many as a message carries: what one worker takes at once, others cannot run. */
const fusedMax = bundleMax;

/** All attempts that this worker holds. */
export class AttemptRunner implements Part, AttemptHost {
  readonly name = 'attempts';
  readonly #context: WorkContext;
  readonly #specs = new AttemptSpecs();
  readonly #attempts = new Set<Attempt>();
  readonly #underWay = new Set<Promise<void>>();
  #stopping = false;

  constructor(context: WorkContext) {
    this.#context = context;
    showAttempts(context.metrics);
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
    if (this.#context.config.alone)
      await Promise.all(attempts.map((attempt) => interruptAttempt(this.#context, attempt)));
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

  get running(): number {
    return this.#attempts.size;
  }

  /** Kills attempts that are being stopped, during a shutdown. */
  killAll(): void {
    for (const attempt of this.#attempts) this.#track(killAttempt(this.#context, attempt));
  }

  /** Runs a claimed attempt. The caller took its place in the capacity; it is given back here. */
  startClaimed(claimed: ClaimedAttempt, sentAt: number): void {
    this.#track(this.#runChain(claimed, sentAt));
  }

  /** Continues an attempt that another owner began. */
  startAdopted(adopted: AdoptedAttempt, sentAt: number): void {
    this.#context.capacity.takeOverCapacity();
    this.#context.metrics.counter('leasesAdopted').inc();
    this.#track(adopted.ended ? this.#closeEnded(adopted, sentAt) : this.#runChain(adopted, sentAt));
  }

  async #runChain(first: ClaimedAttempt | AdoptedAttempt, sentAt: number, hops = 0): Promise<void> {
    try {
      let attempt: Attempt | undefined = this.#takeInHand(first, sentAt);
      for (let hop = hops; attempt; hop += 1) attempt = await this.#runOne(attempt, hop);
    } finally {
      this.#context.capacity.release();
    }
  }

  /** @returns a dependent that came back claimed, which gets the attempt's own place */
  async #runOne(attempt: Attempt, hops: number): Promise<Attempt | undefined> {
    let extraPlaces = 0;
    try {
      const end = await runAttempt(this.#context, attempt);
      const { outcome, log } = end;
      attempt.end(outcome);
      const recordNext = typeof log === 'string' ? undefined : findNext(this.#context, attempt, outcome);
      if (recordNext && typeof log === 'object') {
        this.#track(this.#letGoAfter(endBeforeNext(this.#context, attempt, outcome, log, recordNext), attempt));
        return undefined;
      }
      const places = this.#takePlaces(attempt, hops);
      extraPlaces = Math.max(0, places - 1);
      const fused = await endAttempt(this.#context, attempt, end, places);
      extraPlaces -= Math.max(0, fused.claimed.length - 1);
      const dependent = this.#startDependents(fused, hops);
      if (attempt.phase === 'ended') this.#track(this.#letGoAfter(closeAfterEnd(this.#context, attempt, end), attempt));
      else this.#letGo(attempt);
      return dependent;
    } catch (error) {
      this.#leave(attempt, error);
      return undefined;
    } finally {
      for (; extraPlaces > 0; extraPlaces -= 1) this.#context.capacity.release();
    }
  }

  /**
   * Called right before an end is sent, since the places are taken until its reply.
   * @returns how many dependents may be claimed with it: one in the attempt's own place, the others in free ones
   */
  #takePlaces({ dependents }: Attempt, hops: number): number {
    const { capacity } = this.#context;
    if (this.#stopping || capacity.draining || hops >= fusionHops || dependents === 0) return 0;
    return 1 + capacity.take(Math.min(dependents, fusedMax) - 1);
  }

  /**
   * They are registered before the attempt is released: the data of their run came with its first attempt.
   * @returns the one that gets the attempt's own place; others start beside it
   */
  #startDependents({ claimed: [next, ...others], sentAt }: FusedDependents, hops: number): Attempt | undefined {
    for (const claimed of others) this.#track(this.#runChain(claimed, sentAt, hops + 1));
    return next && this.#takeInHand(next, sentAt);
  }

  /** Resolves when the attempt is closed or left. */
  async #letGoAfter(closed: Promise<void>, attempt: Attempt): Promise<void> {
    try {
      await closed;
      this.#letGo(attempt);
    } catch (error) {
      this.#leave(attempt, error);
    }
  }

  async #closeEnded(adopted: AdoptedAttempt, sentAt: number): Promise<void> {
    const attempt = this.#takeInHand(adopted, sentAt);
    const how = { logEnded: adopted.logEnded, cut: attempt.stop !== undefined };
    await this.#letGoAfter(closeUnreadAttempt(this.#context, attempt, how), attempt);
    this.#context.capacity.release();
  }

  /** A claim may still return during a shutdown. It is then treated like the others. */
  #takeInHand(claimed: ClaimedAttempt | AdoptedAttempt, sentAt: number): Attempt {
    const { leases, config } = this.#context;
    const attempt = new Attempt({ host: this, leases }, claimed, sentAt, this.#specs.resolve(claimed));
    this.#attempts.add(attempt);
    if (this.#stopping)
      this.#track(config.alone ? interruptAttempt(this.#context, attempt) : this.#handOver([attempt.held]));
    return attempt;
  }

  /** A deadline passed, or the run is to end. Its end is reported like any other. */
  stopRequested(attempt: Attempt): void {
    const stopped = stopAttempt(this.#context, attempt);
    this.#track(
      stopped.catch((error: unknown) => {
        this.#logLoss(attempt, error);
      }),
    );
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
    const { reason, phase, times } = attempt;
    if (phase === 'closed' && reason !== undefined) countAttempt(this.#context.metrics, reason, times);
    this.#context.leases.release(attempt.held);
    this.#specs.release(attempt.spec.run);
    this.#attempts.delete(attempt);
  }

  #leave(attempt: Attempt, error: unknown): void {
    this.#logLoss(attempt, error);
    attempt.leave();
    this.#letGo(attempt);
  }

  /** An attempt that this worker drops unended belongs to another worker, or will when its lease expires. */
  #logLoss({ held, spec, mask, phase }: Attempt, error: unknown): void {
    if (error instanceof HandedOver) return;
    const { run, job, attempt } = spec;
    this.#context.logger.warn(
      { event: 'attempt.left', run, job, attempt, epoch: held.lease.epoch, phase, err: mask.error(error) },
      'An attempt was given up',
    );
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
