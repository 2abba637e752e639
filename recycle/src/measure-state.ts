import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import type { Store } from '@chainr/core/store/store';

/** The most pools with metrics of their own: pipelines may name any. */
const poolsShown = 100;
/** Stands for all others; no pool can have this name. */
const otherPools = '(others)';

export interface MeasuredState {
  store: Pick<Store, 'pools' | 'readyMarks' | 'workers' | 'runsToSweep' | 'usedMemory' | 'now'>;
  metrics: Metrics;
  logger: Logger;
}

/** What waits in a pool, and who works there. */
interface PoolState {
  jobs: number;
  oldestMs: number;
  workers: number;
}

const emptyPool: PoolState = { jobs: 0, oldestMs: 0, workers: 0 };

/**
 * Returns what reads the gauges of the state that all services share. If Redis does not answer, they are absent: an old
 * value would look like a present one.
 */
export function measureState(measured: MeasuredState): () => Promise<void> {
  const { store, metrics, logger } = measured;
  return async () => {
    try {
      const [pools, live, memory] = await Promise.all([
        readPools(store),
        store.runsToSweep.countLive(),
        store.usedMemory(),
      ]);
      forgetState(metrics);
      metrics.gauge('liveRuns').set(live);
      metrics.gauge('redisMemory').set(memory);
      for (const [pool, { jobs, oldestMs, workers }] of pools) {
        metrics.gauge('queueJobs').set({ pool }, jobs);
        metrics.gauge('queueOldestAge').set({ pool }, oldestMs / 1000);
        metrics.gauge('poolWorkers').set({ pool }, workers);
      }
    } catch (error) {
      forgetState(metrics);
      logger.debug({ event: 'metrics.no-state', err: error }, 'The metrics of the state are left out');
    }
  };
}

function forgetState(metrics: Metrics): void {
  for (const name of ['liveRuns', 'redisMemory', 'queueJobs', 'queueOldestAge', 'poolWorkers'] as const)
    metrics.forget(name);
}

/** Every pool in which runs have had jobs, or which has workers. */
async function readPools(store: MeasuredState['store']): Promise<ReadonlyMap<string, PoolState>> {
  const [named, workers, now] = await Promise.all([store.pools.list(), store.workers.list(), store.now()]);
  const states = new Map<string, PoolState>();
  for (const { pool } of workers) {
    const state = states.get(pool) ?? emptyPool;
    states.set(pool, { ...state, workers: state.workers + 1 });
  }
  const pools = [...new Set([...named, ...states.keys()])];
  for (const { pool, jobs, oldestAt = now } of await store.readyMarks.depths(pools)) {
    const { workers: present } = states.get(pool) ?? emptyPool;
    states.set(pool, { jobs, oldestMs: Math.max(0, now - oldestAt), workers: present });
  }
  return withinLimit(states);
}

/** Those where most waits or works, and the others as one. */
function withinLimit(states: ReadonlyMap<string, PoolState>): ReadonlyMap<string, PoolState> {
  if (states.size <= poolsShown) return states;
  const ordered = [...states].sort(([, one], [, other]) => other.jobs + other.workers - one.jobs - one.workers);
  const others = ordered.splice(poolsShown).map(([, state]) => state);
  const sum = others.reduce((one, other) => ({
    jobs: one.jobs + other.jobs,
    oldestMs: Math.max(one.oldestMs, other.oldestMs),
    workers: one.workers + other.workers,
  }));
  return new Map([...ordered, [otherPools, sum]]);
}
