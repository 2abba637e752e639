import type { Part } from '@chainr/core/service/lifecycle';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';

/** Attempts and marks handled in one batch. */
const page = 500;

/**
 * The recovery of a worker that is alone on its executor in its pool, at its start. It adopts every lease at once, since no other
 * owner can be alive; continues edges that were left unresolved; and delivers every ready mark again, since its message
 * may have been lost with the process that had it.
 */
export class RecoverLeases implements Part {
  readonly name = 'recover-leases';
  readonly #context: WorkContext;
  readonly #runner: AttemptRunner;

  constructor(context: WorkContext, runner: AttemptRunner) {
    this.#context = context;
    this.#runner = runner;
  }

  async start(): Promise<void> {
    const adopted = await this.#adoptLeases();
    const resumed = await this.#resumeChunks();
    const delivered = await this.#redeliverMarks();
    if (adopted + resumed + delivered === 0) return;
    this.#context.logger.info({ event: 'recovered', adopted, resumed, delivered }, 'Resumed unfinished work');
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  async #adoptLeases(): Promise<number> {
    const { store, owner, config } = this.#context;
    const executor = this.#context.executorNumber();
    const leases = await store.leases.list(executor);
    let count = 0;
    for (const lease of leases) {
      if (this.#context.leases.holds(lease)) continue; // An earlier, interrupted start adopted it.
      const sentAt = performance.now();
      const reply = await store.transitions.adopt(lease, {
        owner,
        executor,
        ttlMs: config.leaseTtlMs,
        ownerGone: true,
      });
      if (typeof reply === 'string') continue;
      this.#runner.startAdopted(reply, sentAt);
      count += 1;
    }
    return count;
  }

  async #resumeChunks(): Promise<number> {
    const { store } = this.#context;
    const runs = await store.runsToSweep.listUnresolved({ before: await store.now(), limit: page });
    for (const run of runs) await store.transitions.resume(run);
    return runs.length;
  }

  /** Marks that are delivered again get a later time, so each page begins with the rest. */
  async #redeliverMarks(): Promise<number> {
    const { store, pool } = this.#context;
    const before = (await store.now()) - 1;
    let count = 0;
    for (;;) {
      const ids = await store.readyMarks.list(pool, { before, limit: page });
      if (ids.length === 0) return count;
      count += await store.transitions.redeliver(pool, ids);
    }
  }
}
