import { linesOf } from '@chainr/core/store/logs/log-page';
import { Metrics } from '@chainr/core/service/metrics';
import { noFaults } from '@chainr/core/engine/fault-points';
import type { JobRecord, RunUid } from '@chainr/core/engine/records';
import { createFakeExecutor, type FakeExecutorOptions } from '@chainr/executor/fake/create-fake-executor';
import type { Executor } from '@chainr/executor/port';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { setClock } from '@chainr/testkit/clock';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent } from '@chainr/testkit/waits';
import { AttemptRunner } from '../src/attempt/attempt-runner.js';
import { Capacity } from '../src/capacity.js';
import { claimBundle } from '../src/claim-bundle.js';
import { readConfig, type WorkConfig } from '../src/config.js';
import type { WorkContext } from '../src/context.js';
import type { LeaseHolder } from '../src/leases/held-lease.js';
import { LeaseKeeper } from '../src/leases/lease-keeper.js';

/** The parts of a worker, without its store. */
export interface WorkerParts {
  readonly context: WorkContext;
  readonly runner: AttemptRunner;
}

export interface OpenWorker extends OpenStore, WorkerParts {
  /** Another worker of the same executor, closed with this one. */
  beside(owner: string, config?: Partial<WorkConfig>, executor?: Executor): WorkerParts;
  /** Hands the worker everything that is ready in a run, as messages would. */
  take(run: RunUid): Promise<void>;
  /** Sets the clock of Redis this much ahead of the real time. */
  forward(ms: number): Promise<void>;
  /** Waits until a job has a status. @returns the job */
  untilJob(run: RunUid, name: string, status: JobRecord['status']): Promise<JobRecord>;
  /** Waits until every attempt of this worker and those beside it is closed. */
  untilIdle(): Promise<void>;
  /** The texts of an attempt's log. */
  logOf(run: RunUid, index: number, attempt?: number): Promise<string[]>;
}

/** A second pool of the executor, for `beside`. */
export const otherPool = 'other';

/** The parts of a worker without its queue, on a real Redis. The default executor is a fake. */
export async function openWorker(
  config: Partial<WorkConfig> = {},
  executor: Executor = createFakeExecutor(),
): Promise<OpenWorker> {
  const opened = await openStore({ patienceMs: Infinity });
  const { store, redis, inbox } = opened;
  const settings: WorkConfig = {
    ...readConfig({}),
    redisUrl: redis.url,
    listen: { host: '127.0.0.1', port: 0 },
    logLevel: 'silent',
    home: redis.folder,
    capacity: 8,
    stopGraceMs: 1_000,
    logLimitBytes: 1024 * 1024,
    alone: true,
    ...config,
  };
  const numbers = new Map<string, number>();
  const parts = (owner: string, settings: WorkConfig, executor: Executor): WorkerParts => {
    const { leaseTtlMs: ttlMs, renewEveryMs } = settings;
    const pool = settings.pool || executor.kind;
    const number = numbers.get(pool) ?? 0;
    const metrics = new Metrics('work');
    const context: WorkContext = {
      config: settings,
      logger: silentLogger,
      metrics,
      store,
      executor,
      pool,
      executorNumber: () => number,
      owner,
      leases: new LeaseKeeper({
        store,
        logger: silentLogger,
        metrics,
        ttlMs,
        renewEveryMs,
        executorNumber: () => number,
      }),
      capacity: new Capacity(settings.capacity),
      reach: noFaults,
    };
    return { context, runner: new AttemptRunner(context) };
  };
  const ownPool = settings.pool || executor.kind;
  for (const pool of [ownPool, otherPool]) numbers.set(pool, await store.executors.register(executor.id, pool));
  const { context, runner } = parts('worker', settings, executor);
  const others: WorkerParts[] = [];
  return {
    ...opened,
    context,
    runner,
    beside: (owner, config = {}, itsExecutor = executor) => {
      const other = parts(owner, { ...settings, ...config }, itsExecutor);
      others.push(other);
      return other;
    },
    take: (run) => claimBundle(context, runner, inbox.take(run)),
    forward: (ms) => setClock(redis.url, ms),
    untilJob: async (run, name, status) => {
      await untilEvent(store.events, (event) => {
        return event.kind === 'job.status' && event.run === run && event.job === name && event.status === status;
      });
      return (await store.runs.findJob(run, name))!;
    },
    untilIdle: async () => {
      const look = () => [runner, ...others.map((other) => other.runner)].map(({ running }) => running);
      await untilFound('all attempts to be closed', look, (counts) => counts.every((count) => count === 0), {
        everyMs: 0,
      });
    },
    logOf: async (run, index, attempt = 1) => {
      const page = await store.logs.read(run, index, attempt, { offset: 0, maxBytes: 16 * 1024 * 1024 });
      return page ? linesOf(page).map(({ text }) => text) : [];
    },
    close: async () => {
      await Promise.all([runner, ...others.map((other) => other.runner)].map((each) => each.stop()));
      await opened.close();
    },
  };
}

/** For sweeps that are never aborted. */
export const never: AbortSignal = new AbortController().signal;

/** Attempts that go on until they are ended or stopped. */
export const holding = (options: FakeExecutorOptions = {}) =>
  createFakeExecutor({ ...options, decide: () => ({ hold: true }) });

/** For leases whose attempts nobody asks to stop. */
export const noHolder: LeaseHolder = {
  requestStop: () => {
    throw new Error('nobody was to be stopped');
  },
};
