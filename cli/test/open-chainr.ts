import { createService as createGate } from '@chainr/gate/service';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createSched } from '@chainr/sched/service';
import type { OutcomeReason } from '@chainr/core/model/outcome';
import { parseServiceUrl } from '@chainr/core/service/address';
import { createLogger } from '@chainr/core/service/logger';
import type { Lease } from '@chainr/core/store/keys';
import { Store } from '@chainr/core/store/store';
import { startRedis } from '@chainr/testkit/redis';

export interface OpenChainr {
  readonly url: string;
  /** Claims the first attempt of a job, as a worker would. @returns what ends it with success */
  start(run: string, index: number): Promise<() => Promise<void>>;
  /** Takes the first attempt of a job through its life, as a worker would. */
  work(run: string, index: number, log: readonly string[], reason?: OutcomeReason, exitCode?: number): Promise<void>;
  /** Has a worker show itself, as it does with each renewal. */
  showWorker(id: string, running: number): Promise<void>;
  close(): Promise<void>;
}

/** Gate before a real sched and notif on a real Redis; jobs are worked by hand. */
export async function openChainr(): Promise<OpenChainr> {
  const quiet = createLogger('test', 'silent');
  const redis = await startRedis();
  const listen = { host: '127.0.0.1', port: 0 };
  const base = { redisUrl: redis.url, listen, logLevel: 'silent' };
  const sched = createSched({ ...base, executorKind: 'fake' }, quiet);
  const notif = createNotif(base, quiet);
  const store = new Store({ url: redis.url, logger: quiet, deliver: () => undefined });
  await Promise.all([sched.start(), notif.start(), store.start()]);
  const [schedAt, notifAt] = [parseServiceUrl(sched.url), parseServiceUrl(notif.url)];
  const gate = createGate(
    { listen, sched: schedAt, notif: notifAt, ui: notifAt, connectionsPerClient: 0, logLevel: 'silent' },
    quiet,
  );
  await gate.start();
  return {
    url: gate.url,
    start: async (run, index) => {
      const lease = await claim(store, run, index);
      return async () => {
        await store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {});
      };
    },
    work: async (run, index, log, reason = 'Completed', exitCode = 0) => {
      const lease = await claim(store, run, index);
      const bytes = Buffer.from(log.map((text) => `${text}\n`).join(''));
      await store.transitions.appendLog(lease, { length: 0, bytes, position: '', end: true });
      await store.transitions.finish(lease, { reason, exitCode, steps: [{ name: 'main', exitCode }] }, {});
      await store.transitions.close(lease, 60_000);
    },
    showWorker: async (id, running) => {
      await store.workers.show({ id, host: 'box', executor: 'fake', executorId: 'fake:test', capacity: 4, running });
    },
    close: async () => {
      for (const service of [gate, notif, sched]) await service.stop();
      await store.stop();
      await redis.stop();
    },
  };
}

async function claim(store: Store, run: string, index: number): Promise<Lease> {
  const executor = await store.work.registerExecutor('fake:test');
  const claimed = await store.transitions.claim({ run, index, attempt: 1 }, { owner: 'test', executor, ttlMs: 60_000 });
  if (typeof claimed === 'string') throw new Error(`claim refused: ${claimed}`);
  return claimed.lease;
}
