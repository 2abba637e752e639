import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { pipelineOf } from '@chainr/testkit/builders';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { StoreFull, StoreUnavailable } from '../../../src/store/redis/errors.js';
import { translateRedisErrors } from '../../../src/store/redis/translate-redis-errors.js';
import { Batcher } from '../../../src/store/script/batcher.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { Transitions } from '../../../src/store/script/transitions.js';

/** Error replies of servers that can serve the command later. */
const refusals = [
  'LOADING Redis is loading the dataset in memory',
  'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  "READONLY You can't write against a read only replica.",
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'CLUSTERDOWN The cluster is down',
  'NOREPLICAS Not enough good replicas to write.',
  'MISCONF Errors writing to the AOF file: No space left on device',
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
];
/** Error replies that waiting does not change. */
const mistakes = [
  'ERR unknown command',
  'WRONGTYPE Operation against a key holding the wrong kind of value',
  'BUSYGROUP Consumer Group name already exists',
];
const full = "OOM command not allowed when used memory > 'maxmemory'.";

describe('an error reply of Redis', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  /** Makes Redis itself reply with an error. */
  const refuse = (reply: string): Promise<unknown> => open.client.eval('return redis.error_reply(ARGV[1])', 0, reply);
  const errorOf = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => undefined,
      (error: unknown) => error,
    );
  /** Transitions on a connection whose first call gets an error. */
  function refusedOnce(reply: string): { transitions: Transitions; calls: () => number } {
    let calls = 0;
    const callBuffer: Redis['callBuffer'] = async (command: string, ...args: unknown[]) => {
      calls += 1;
      if (calls === 1) await refuse(reply);
      return open.client.callBuffer(command, args as (string | Buffer | number)[]);
    };
    const connection = Object.assign(Object.create(open.client) as Redis, { callBuffer });
    const batcher = new Batcher({ connection, logger: silentLogger, library: composeLibrary(), patienceMs: 60_000, commandTimeoutMs: 1_500, deliver: open.inbox.deliver }); // prettier-ignore
    return { transitions: new Transitions(batcher), calls: () => calls };
  }

  for (const reply of refusals) {
    const [prefix] = reply.split(' ');
    it(`${prefix} makes the store unavailable to readers`, async () => {
      expect(await errorOf(translateRedisErrors(() => refuse(reply)))).to.be.instanceOf(StoreUnavailable);
    });

    it(`${prefix} makes a transition be sent again`, async () => {
      const { transitions, calls } = refusedOnce(reply);
      const uid = await open.create(pipelineOf({ a: [] }));
      const claimed = await transitions.claim({ run: uid, index: 0, attempt: 1 }, { owner: 'o', executor: 1, ttlMs: 60_000 }); // prettier-ignore
      expect(claimed).to.be.an('object');
      expect(calls()).to.be.at.least(2);
    });
  }

  for (const reply of mistakes) {
    const [prefix] = reply.split(' ');
    it(`${prefix} reaches readers unchanged`, async () => {
      expect(await errorOf(translateRedisErrors(() => refuse(reply)))).to.have.property('name', 'ReplyError');
    });

    it(`${prefix} is not sent again`, async () => {
      const { transitions, calls } = refusedOnce(reply);
      expect(await errorOf(transitions.cancel('none'))).to.have.property('name', 'ReplyError');
      expect(calls()).to.equal(1);
    });
  }

  it('OOM means a full store, to readers and transitions', async () => {
    expect(await errorOf(translateRedisErrors(() => refuse(full)))).to.be.instanceOf(StoreFull);
    expect(await errorOf(refusedOnce(full).transitions.cancel('none'))).to.be.instanceOf(StoreFull);
  });
});

describe('a Redis that refuses', () => {
  let open: OpenStore;
  let unavailable: (asked: Promise<unknown>) => Promise<void>;
  beforeEach(async () => {
    open = await openStore();
    unavailable = async (asked) => {
      const error: unknown = await asked.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(StoreUnavailable);
    };
  });
  afterEach(() => open.close());

  it('reads because it has lost its primary is unavailable, and serves again when it is a primary itself', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    await open.client.config('SET', 'replica-serve-stale-data', 'no');
    await open.client.replicaof('127.0.0.1', 1);
    await unavailable(open.store.runs.getRun(uid));
    await unavailable(open.store.runs.listRuns({ limit: 5 }));
    await unavailable(open.store.events.readEvents(undefined, 5));
    await open.client.replicaof('NO', 'ONE');
    expect((await open.store.runs.getRun(uid))?.uid).to.equal(uid);
  });

  it('writes because it lacks replicas is unavailable to writes, and not to reads', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    await open.client.config('SET', 'min-replicas-to-write', '1');
    await unavailable(open.create(pipelineOf({ a: [] })));
    expect((await open.store.runs.getRun(uid))?.uid).to.equal(uid);
  });
});
