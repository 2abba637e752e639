import { formatLease, type Lease } from '@chainr/core/store/redis/keys';
import type { Store } from '@chainr/core/store/store';
import { pipelineOf } from './builders.js';
import { claimJob, testExecutor } from './claim-job.js';
import { openStore, type OpenStore } from './open-store.js';

type Adopted = ReturnType<Store['transitions']['adopt']>;
type Renewed = ReturnType<Store['leases']['renew']>;

export interface OpenLeases extends OpenStore {
  /** The number of the test executor. */
  readonly executor: number;
  /** The lease of the first job of a new run, by default of one job `a`. */
  hold(jobs?: Parameters<typeof pipelineOf>[0]): Promise<Lease>;
  renew(...leases: readonly Lease[]): Renewed;
  adopt(lease: Lease, as?: { owner?: string; executor?: number; ownerGone?: boolean }): Adopted;
}

/** A store with an executor whose leases last `ttlMs`. */
export async function openLeases(ttlMs = 6_000): Promise<OpenLeases> {
  const open = await openStore();
  const { executors, leases, transitions } = open.store;
  const executor = await executors.register(testExecutor, 'fake');
  return {
    ...open,
    executor,
    hold: async (jobs = { a: [] }) => claimJob(open.store, await open.create(pipelineOf(jobs)), 0, { ttlMs }),
    renew: (...held) => leases.renew(executor, held.map(formatLease), ttlMs),
    adopt: (lease, as) => transitions.adopt(lease, { owner: 'heir', executor, ownerGone: false, ttlMs, ...as }),
  };
}
