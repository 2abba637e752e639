import { createLogger } from '@chainr/core/service/logger';
import type { Lease } from '@chainr/core/store/redis/keys';
import { Store } from '@chainr/core/store/store';
import type { OutcomeReason, Outputs } from '@chainr/core/engine/outcome';
import type { LogLine } from '@chainr/core/engine/records';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import type { SchedConfig } from '../src/config.js';
import { createService } from '../src/service.js';

export interface OpenSched {
  readonly url: string;
  readonly redis: TestRedis;
  /** The store behind the API. */
  readonly store: Store;
  /** Sends a pipeline as JSON. */
  post(pipeline: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Creates a run that must be accepted. @returns its uid */
  create(jobs: Record<string, unknown>, metadata?: object): Promise<string>;
  delete(path: string): Promise<Response>;
  readonly worker: TestWorker;
  /** The log lines of sched. */
  readonly logLines: Record<string, unknown>[];
  close(): Promise<void>;
}

/** A real sched on a real Redis. The test takes the part of the worker. */
export async function openSched(settings: Partial<SchedConfig> = {}): Promise<OpenSched> {
  const redis = await startRedis();
  const quiet = createLogger('test', 'silent');
  const logLines: Record<string, unknown>[] = [];
  const write = (line: string) => void logLines.push(JSON.parse(line) as Record<string, unknown>);
  const sched = createService(
    { redisUrl: redis.url, listen: { host: '127.0.0.1', port: 0 }, defaultPool: 'fake', logLevel: 'info', ...settings },
    createLogger('sched', 'info', { write }),
  );
  const store = new Store({ url: redis.url, logger: quiet, deliver: () => undefined });
  await Promise.all([sched.start(), store.start()]);
  const get: OpenSched['get'] = (path, headers = {}) => fetch(sched.url + path, { headers });
  const post: OpenSched['post'] = (pipeline, headers = {}) =>
    fetch(`${sched.url}/api/runs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(pipeline),
    });
  return {
    url: sched.url,
    redis,
    store,
    get,
    post,
    delete: (path) => fetch(sched.url + path, { method: 'DELETE' }),
    create: async (jobs, metadata) => {
      const response = await post({ kind: 'Pipeline', ...(metadata && { metadata }), jobs });
      const body = (await response.json()) as { metadata: { uid: string } };
      if (response.status !== 202) throw new Error(JSON.stringify(body));
      return body.metadata.uid;
    },
    worker: new TestWorker(store),
    logLines,
    close: async () => {
      await sched.stop();
      await store.stop();
      await redis.stop();
    },
  };
}

/** Drives attempts as a worker would. */
export class TestWorker {
  readonly #store: Store;
  readonly #lengths = new Map<Lease, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  async claim(run: string, index: number, attempt = 1): Promise<Lease> {
    const executor = await this.#store.executors.register('fake:test', 'fake');
    const claimed = await this.#store.transitions.claim(
      { run, index, attempt },
      { owner: 'test', executor, ttlMs: 60_000 },
    );
    if (typeof claimed === 'string') throw new Error(`claim refused: ${claimed}`);
    return claimed.lease;
  }

  /** Stores lines, or pieces of bytes unchanged. */
  async log(lease: Lease, lines: readonly (Partial<LogLine> & { bytes?: Buffer })[], end = false): Promise<void> {
    const steps = await this.#store.runs.listLogNames(lease.run, lease.index);
    const pieces = lines.map(({ time = 1_763_690_000_123, step = 'main', stream = 'stdout', ...line }) => {
      const { text = '', newline = true, bytes = Buffer.from(`${text}${newline ? '\n' : ''}`) } = line;
      return { time, step: Math.max(0, steps.indexOf(step)), stream, bytes };
    });
    const length = this.#lengths.get(lease) ?? 0;
    const reply = await this.#store.transitions.appendLog(lease, { length, pieces, position: String(length), end });
    if (reply.kind !== 'ok') throw new Error(`append refused: ${reply.kind}`);
    this.#lengths.set(lease, reply.length);
  }

  async close(lease: Lease): Promise<void> {
    const reply = await this.#store.transitions.close(lease, 60_000);
    if (reply !== 'ok') throw new Error(`close refused: ${reply}`);
  }

  /** Ends the attempt as a worker that shuts down; the next one is ready. */
  async requeue(lease: Lease): Promise<void> {
    await this.#store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 1_000 });
  }

  async finish(lease: Lease, reason: OutcomeReason = 'Completed', exitCode = 0, outputs?: Outputs): Promise<void> {
    await this.#store.transitions.finish(lease, { reason, exitCode, ...(outputs && { outputs }) }, {});
  }
}
