import type { Redis } from 'ioredis';
import type { Part } from '../service/lifecycle.js';
import type { Logger } from '../service/logger.js';
import type { ObjectStore } from '../objects/object-store.js';
import { Batcher, type Bundle } from './script/batcher.js';
import { connect, connectForQueue, untilReady } from './redis/connection.js';
import { EventStream } from './events/event-stream.js';
import { MainConnection, usualCommandTimeoutMs } from './redis/main-connection.js';
import { LogArchive } from './logs/log-archive.js';
import { LogStore } from './logs/log-store.js';
import { RedisClock } from './redis/redis-clock.js';
import { Removals } from './script/removals.js';
import { RunStore } from './runs/run-store.js';
import type { OnCall } from './script/replayable-calls.js';
import { announceEveryMs, Libraries } from './script/libraries.js';
import { composeLibrary, type Library } from './script/library.js';
import { StoreMemory } from './redis/store-memory.js';
import { Subscriptions } from './redis/subscriptions.js';
import { Transitions } from './script/transitions.js';
import { ServerLife } from './redis/server-life.js';
import { Executors } from './work/executors.js';
import { Leases } from './work/leases.js';
import { Pools } from './work/pools.js';
import { ReadyMarks } from './work/ready-marks.js';
import { Remains } from './work/remains.js';
import { RunsToSweep } from './work/runs-to-sweep.js';
import { Turns } from './work/turns.js';
import { WorkerRegistry } from './work/worker-registry.js';
import { translateRedisErrors } from './redis/translate-redis-errors.js';

export interface StoreOptions {
  url: string;
  logger: Logger;
  /** Enqueues what transitions hand out. Left out by services whose transitions hand out nothing. */
  deliver?: (bundles: Bundle[]) => void;
  /**
   * How long a transition is resent while Redis is away. Half a second for services that answer users (see Leases),
   * Infinity for workers, which go on with the attempts they hold.
   */
  patienceMs?: number;
  /** How long Redis may take for a command. */
  commandTimeoutMs?: number;
  /** Where finished logs are, or go to, apart from Redis; none by default. */
  archive?: ObjectStore | undefined;
  /** Told of each call of the library that was sent. */
  onCall?: OnCall;
  /** Replaced only in tests. */
  library?: Library;
}

/** How long a service that answers users resends while Redis does not answer (see Leases). */
const usualPatienceMs = 500;

/** A service's access to Redis, except the queue. */
export class Store implements Part {
  readonly name = 'store';
  readonly runs: RunStore;
  readonly logs: LogStore;
  /** Absent without an archive. */
  readonly archive: LogArchive | undefined;
  readonly events: EventStream;
  readonly leases: Leases;
  readonly executors: Executors;
  readonly pools: Pools;
  readonly readyMarks: ReadyMarks;
  readonly remains: Remains;
  readonly runsToSweep: RunsToSweep;
  readonly turns: Turns;
  readonly serverLife: ServerLife;
  readonly workers: WorkerRegistry;
  readonly transitions: Transitions;
  readonly removals: Removals;
  readonly libraries: Libraries;
  /** The random id of this installation; known after the start. */
  instance = '';
  readonly #main: MainConnection;
  readonly #renewing: Redis;
  readonly #clock: RedisClock;
  readonly #memory: StoreMemory;
  readonly #subscriptions: Subscriptions;
  readonly #batchers: readonly Batcher[];
  readonly #batcher: Batcher;
  readonly #library: Library;
  #announcing: NodeJS.Timeout | undefined;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();

  constructor(options: StoreOptions) {
    const {
      url,
      logger,
      deliver = refuse,
      patienceMs = usualPatienceMs,
      commandTimeoutMs = usualCommandTimeoutMs,
      archive: objects,
      onCall,
      library = composeLibrary(),
    } = options;
    this.#logger = logger;
    this.#library = library;
    this.#main = new MainConnection({ url, logger, commandTimeoutMs });
    const connection = this.#main.redis;
    // Leases are renewed on their own connection, so that a long log cannot delay a renewal.
    this.#renewing = connect({ url, name: 'renewals', logger, commandTimeoutMs });
    this.#subscriptions = new Subscriptions(() => connectForQueue({ url, name: 'subscriptions', logger }));
    const clock = new RedisClock(connection, logger);
    this.#clock = clock;
    const calls = { library, commandTimeoutMs, deliver, clock, logger, onCall };
    const batcher = new Batcher({ ...calls, connection, patienceMs });
    const renewer = new Batcher({ ...calls, connection: this.#renewing, patienceMs: usualPatienceMs, lanes: 1 });
    this.#batchers = [batcher, renewer];
    this.transitions = new Transitions(batcher);
    this.removals = new Removals(batcher);
    this.#memory = new StoreMemory(connection);
    this.runs = new RunStore(connection, this.transitions, this.removals, this.#memory);
    const archived = objects && { objects, prefixOf: (uid: string) => `${this.instance}/logs/${uid}/` };
    this.logs = new LogStore(connection, this.#subscriptions, archived);
    this.archive = archived && new LogArchive(connection, this.removals, archived);
    this.events = new EventStream(connection, (blocksMs) =>
      connect({ url, name: 'events', logger, commandTimeoutMs, blocksMs }),
    );
    this.#batcher = batcher;
    this.leases = new Leases(connection, clock, new Transitions(renewer), this.#subscriptions);
    this.executors = new Executors(connection);
    this.pools = new Pools(connection);
    this.readyMarks = new ReadyMarks(connection);
    this.remains = new Remains(connection, clock);
    this.runsToSweep = new RunsToSweep(connection);
    this.turns = new Turns(connection);
    this.serverLife = new ServerLife(connection);
    this.workers = new WorkerRegistry(connection, () => this.now());
    this.libraries = new Libraries(connection, () => this.now());
  }

  /**
   * Waits for Redis as long as it takes, and logs that.
   * @throws StoreUnfit if the server or the state in it cannot be used
   */
  async start(): Promise<void> {
    this.instance = (await this.#main.open(this.#stopped.signal)).instance;
    await translateRedisErrors(() => this.#clock.now()); // The reference for measuring jumps (see Clock).
    await this.#memory.look();
    await this.#announceLibrary();
    this.#announcing = setInterval(() => void this.#announceLibrary(), announceEveryMs);
    this.#announcing.unref();
    await untilReady(this.#renewing, this.#stopped.signal);
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    clearInterval(this.#announcing);
    for (const batcher of this.#batchers) batcher.stop();
    this.#subscriptions.stop();
    for (const connection of [this.#main.redis, this.#renewing]) connection.disconnect();
    return Promise.resolve();
  }

  /** If the announcement fails and the library is dropped, the next call loads it again. */
  async #announceLibrary(): Promise<void> {
    try {
      await this.libraries.announce(this.#library);
    } catch (error) {
      this.#logger.debug(
        { event: 'library.not-announced', err: error },
        'Redis could not record which library this process uses',
      );
    }
  }

  /** How long the oldest pending transition has been without a reply, in milliseconds; renewals do not count. */
  get unansweredMs(): number {
    return this.#batcher.unansweredMs;
  }

  /** The share of its memory that Redis uses. */
  usedMemory(): Promise<number> {
    return this.#memory.look();
  }

  /** Milliseconds since 1970, as the scripts see it. */
  now(): Promise<number> {
    return translateRedisErrors(() => this.#clock.now());
  }

  /** True, or a sentence that says why not. */
  ping(): Promise<true | string> {
    return this.#main.ping();
  }
}

function refuse(bundles: Bundle[]): never {
  throw new Error(`${String(bundles.length)} bundles were handed out to a service that has no queue`);
}
