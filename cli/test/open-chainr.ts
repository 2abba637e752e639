import { createService as createGate } from '@chainr/gate/service';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createSched } from '@chainr/sched/service';
import type { OutcomeReason } from '@chainr/core/engine/outcome';
import { parseServiceUrl } from '@chainr/core/service/address';
import { createLogger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import { startRedis } from '@chainr/testkit/redis';

/** An attempt driven by the test, which takes each step of a worker separately. */
export interface StartedAttempt {
  /** Stores output of a step; by default of the first one. */
  write(text: string, step?: number): Promise<void>;
  /** Records its end; more of its log may follow. */
  finish(reason?: OutcomeReason, exitCode?: number): Promise<void>;
  /** Stores the end mark of its log, and closes it. */
  endLog(): Promise<void>;
}

export interface OpenChainr {
  readonly url: string;
  /** Claims the first attempt of a job, as a worker would. */
  start(run: string, index: number): Promise<StartedAttempt>;
  /** Runs the first attempt of a job from claim to close, as a worker would. */
  work(run: string, index: number, log: readonly string[], reason?: OutcomeReason, exitCode?: number): Promise<void>;
  /** Registers a worker, as each renewal of its leases does. */
  showWorker(id: string, running: number): Promise<void>;
  close(): Promise<void>;
}

/** Gate, sched and notif on a real Redis. The test takes the part of the worker. */
export async function openChainr(): Promise<OpenChainr> {
  const quiet = createLogger('test', 'silent');
  const redis = await startRedis();
  const listen = { host: '127.0.0.1', port: 0 };
  const base = { redisUrl: redis.url, listen, logLevel: 'silent' };
  const sched = createSched({ ...base, defaultPool: 'fake' }, quiet);
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
    start: (run, index) => start(store, run, index),
    work: async (run, index, log, reason, exitCode) => {
      const attempt = await start(store, run, index);
      await attempt.write(log.map((text) => `${text}\n`).join(''));
      await attempt.finish(reason, exitCode);
      await attempt.endLog();
    },
    showWorker: async (id, running) => {
      await store.workers.show({
        id,
        host: 'box',
        pool: 'fake',
        executor: 'fake',
        executorId: 'fake:test',
        capacity: 4,
        running,
      });
    },
    close: async () => {
      for (const service of [gate, notif, sched]) await service.stop();
      await store.stop();
      await redis.stop();
    },
  };
}

async function start({ executors, transitions }: Store, run: string, index: number): Promise<StartedAttempt> {
  const executor = await executors.register('fake:test', 'fake');
  const claimed = await transitions.claim({ run, index, attempt: 1 }, { owner: 'test', executor, ttlMs: 60_000 });
  if (typeof claimed === 'string') throw new Error(`claim refused: ${claimed}`);
  const { lease } = claimed;
  let length = 0;
  const append = async (text: string, step: number, end: boolean) => {
    const pieces = text === '' ? [] : [{ time: Date.now(), step, stream: 'stdout' as const, bytes: Buffer.from(text) }];
    const reply = await transitions.appendLog(lease, { length, pieces, position: '', end });
    if (reply.kind !== 'ok') throw new Error(`append refused: ${reply.kind}`);
    ({ length } = reply);
  };
  return {
    write: (text, step = 0) => append(text, step, false),
    finish: async (reason = 'Completed', exitCode = 0) => {
      await transitions.finish(lease, { reason, exitCode, steps: [{ name: 'main', exitCode }] }, {});
    },
    endLog: async () => {
      await append('', 0, true);
      await transitions.close(lease, 60_000);
    },
  };
}
