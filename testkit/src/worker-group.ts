import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FaultPoint } from '@chainr/core/engine/fault-points';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import type { ExecutorKind, RunUid } from '@chainr/core/engine/records';
import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { keys } from '@chainr/core/store/redis/keys';
import { unpackRow } from '@chainr/core/store/script/layout';
import { linesOf } from '@chainr/core/store/logs/log-page';
import { Store } from '@chainr/core/store/store';
import { createService as createRecycle } from '@chainr/recycle/service';
import type { Redis } from 'ioredis';
import { bundleScript } from './bundle-script.js';
import { Command } from './command.js';
import { keepAll } from './keep-all.js';
import { openRedisClient } from './open-redis-client.js';
import { silentLogger } from './open-store.js';
import { startRedisProxy, type RedisProxy } from './redis-proxy.js';
import { untilFound } from './until-found.js';

const worker = 'testkit/src/faulty-worker.ts';

export interface WorkerGroupOptions {
  /** A new data folder, which all workers share. */
  home: string;
  kind: ExecutorKind;
  /** The main script of each worker; by default one with fault points. */
  script?: string;
  /** Further settings of every worker. */
  env?: Record<string, string>;
  /** Further settings of Redis. */
  redisSettings?: readonly string[];
  /** Replaces `redis-server`. */
  redisProgram?: string;
}

export interface Fault {
  point: FaultPoint;
  /** CUT: the worker lives, but is cut off from Redis until the test ends that. */
  signal: 'SIGSTOP' | 'SIGKILL' | 'CUT';
}

/** Short leases, so that tests need not wait long. */
export const briefLeases = {
  CHAINR_LEASE_TTL: '1500ms',
  CHAINR_LEASE_RENEWAL: '300ms',
  CHAINR_LEASE_SWEEP: '200ms',
} as const;

/** Workers of one executor as processes of their own, on their own Redis. */
export class WorkerGroup {
  readonly store: Store;
  readonly client: Redis;
  readonly #options: WorkerGroupOptions;
  readonly #queue: BundleQueue;
  readonly #recycle: ReturnType<typeof createRecycle>;
  #redis: RedisServer;
  #proxy: RedisProxy | undefined;
  #count = 0;

  private constructor(options: WorkerGroupOptions, redis: RedisServer, client: Redis) {
    this.#options = options;
    this.#redis = redis;
    this.client = client;
    this.#queue = new BundleQueue(redis.url, silentLogger);
    this.store = new Store({
      url: redis.url,
      logger: silentLogger,
      deliver: (bundles) => { this.#queue.deliver(bundles); }, // prettier-ignore
    });
    const listen = { host: '127.0.0.1', port: 0 };
    const config = { redisUrl: redis.url, listen, hostLostAfterMs: 0, ...keepAll, logLevel: 'silent' };
    this.#recycle = createRecycle(config, silentLogger);
  }

  static async start(options: WorkerGroupOptions): Promise<WorkerGroup> {
    const redis = await startRedisServer(serverOptions(options));
    const group = new WorkerGroup(options, redis, await openRedisClient(redis.url));
    await group.store.start();
    await group.#queue.start();
    await group.#recycle.start();
    return group;
  }

  get redis(): RedisServer {
    return this.#redis;
  }

  /** Kills Redis, as in a crash. */
  async killRedis(): Promise<void> {
    process.kill(this.#redis.pid, 'SIGKILL');
    await untilFound('the end of Redis', () => !this.#redis.isAlive());
  }

  /** Restarts a killed Redis with what it has kept. */
  async restartRedis(): Promise<void> {
    this.#redis = await startRedisServer(serverOptions(this.#options));
  }

  async stop(): Promise<void> {
    await this.#recycle.stop();
    await this.#proxy?.close();
    await this.store.stop();
    await this.#queue.stop();
    this.client.disconnect();
    await this.#redis.stop();
  }

  /**
   * Starts a worker.
   * @param more settings of this worker alone
   */
  async startWorker(fault?: Fault, more: NodeJS.ProcessEnv = {}): Promise<Command> {
    const command = await this.beginWorker(fault, more);
    await command.says(/"msg":"started"/);
    return command;
  }

  async beginWorker(fault?: Fault, more: NodeJS.ProcessEnv = {}): Promise<Command> {
    const { home, kind, env, script = worker } = this.#options;
    const bundle = await bundleScript(script);
    // From here on nothing waits until the number is used: workers may begin at once.
    this.#count += 1;
    const number = String(this.#count);
    if (fault?.signal === 'CUT') {
      this.#proxy = await startRedisProxy(this.#redis.url, path.join(home, `proxy-${number}.sock`));
    }
    return new Command(bundle, [], {
      CHAINR_HOME: home,
      CHAINR_REDIS_URL: this.#proxy && fault?.signal === 'CUT' ? this.#proxy.url : this.#redis.url,
      ...(kind !== 'fake' && { CHAINR_EXECUTOR: kind }),
      CHAINR_LISTEN: `unix:${path.join(home, `worker-${number}.sock`)}`,
      ...env,
      ...more,
      ...(fault && { FAULT_POINT: fault.point, FAULT_DEED: fault.signal, FAULT_MARKER: this.#marker }),
    });
  }

  get #marker(): string {
    return path.join(this.#options.home, 'reached');
  }

  /** Waits until the worker has reached its fault point, and is frozen, dead or cut off from Redis. */
  async untilReached({ signal }: Fault): Promise<void> {
    await untilFound('the fault point', () => existsSync(this.#marker));
    if (signal !== 'CUT') return;
    this.#proxy?.cut();
    await writeFile(`${this.#marker}.go`, '');
  }

  /** Continues a frozen worker, or reconnects one that was cut off. */
  undo(worker: Command, { signal }: Fault): void {
    if (signal === 'SIGSTOP') worker.signal('SIGCONT');
    if (signal === 'CUT') this.#proxy?.mend();
  }

  async createRun(written: object): Promise<RunUid> {
    const checked = checkPipeline(written);
    if ('mistakes' in checked) throw new Error(`not a pipeline: ${JSON.stringify(checked.mistakes.slice(0, 3))}`);
    const source = { contentType: 'application/json', text: JSON.stringify(written) };
    const { pipeline } = checked;
    const made = await this.store.runs.createRun({ pipeline, source, defaultPool: this.#options.kind });
    if (made.kind === 'conflict') throw new Error('the run was not created');
    return made.uid;
  }

  /**
   * Waits until a worker has renewed so many times from now on. By then it knows the state of everything that it holds.
   */
  async untilRenewed(times: number): Promise<void> {
    const look = async () => JSON.stringify(await this.client.hgetall(keys.seen));
    let last = await look();
    for (let left = times; left > 0; left -= 1)
      last = await untilFound(`renewals, ${left} of ${times} more`, look, (seen) => seen !== last);
  }

  /** How often the current attempt of a job was adopted, from the number of its lease. */
  async adoptionsOf(run: RunUid, index: number): Promise<number> {
    const row = await this.client.hgetBuffer(keys.run(run), String(index));
    return (row ? (unpackRow(row).section?.epoch ?? 1) : 1) - 1;
  }

  /** The lines of an attempt's log, as `step stdout text`; all of them once it has ended. */
  async logOf(run: RunUid, index: number, attempt = 1): Promise<string[]> {
    await this.store.logs.untilComplete(run, index, attempt, new AbortController().signal);
    const steps = await this.store.runs.listLogNames(run, index);
    const lines: string[] = [];
    for (let offset = 0; ;) {
      const page = await this.store.logs.read(run, index, attempt, { offset, maxBytes: 1024 * 1024 });
      if (!page || page.bytes.length === 0) return lines;
      lines.push(...linesOf(page, steps).map(({ step, stream, text }) => `${step} ${stream} ${text}`));
      offset = page.nextOffset;
    }
  }
}

function serverOptions({ home, redisSettings = [], redisProgram = 'redis-server' }: WorkerGroupOptions) {
  const socketPath = path.join(home, 'redis.sock');
  return { folder: path.join(home, 'redis'), socketPath, program: redisProgram, extra: redisSettings };
}
