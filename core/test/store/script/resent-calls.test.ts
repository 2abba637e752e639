import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { pipelineOf } from '@chainr/testkit/builders';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { Batcher } from '../../../src/store/script/batcher.js';
import { keys } from '../../../src/store/redis/keys.js';
import { composeLibrary, readyAtOnce } from '../../../src/store/script/library.js';
import { packOperations } from '../../../src/store/script/pack-operations.js';
import { ReplayableCalls } from '../../../src/store/script/replayable-calls.js';
import { Transitions } from '../../../src/store/script/transitions.js';

const by = { owner: 'owner', executor: 1, ttlMs: 60_000 };

describe('a call of the script (see Resent calls)', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const countEvents = async () => (await open.store.events.readEvents(undefined, 1_000)).events.length;
  const batcherOn = (connection: Redis) =>
    new Batcher({
      connection,
      logger: silentLogger,
      library: composeLibrary(),
      patienceMs: 5_000,
      commandTimeoutMs: 1_500,
      deliver: open.inbox.deliver,
    });

  /** A connection on which every call is carried out, but the first `lost` replies are lost. */
  function losing(lost: number): { connection: Redis; calls: () => number } {
    let calls = 0;
    const callBuffer: Redis['callBuffer'] = async (command: string, ...args: unknown[]) => {
      const reply: unknown = await open.client.callBuffer(command, args as (string | Buffer | number)[]);
      calls += 1;
      if (calls <= lost) throw new Error('Connection is closed.');
      return reply;
    };
    return { connection: Object.assign(Object.create(open.client) as Redis, { callBuffer }), calls: () => calls };
  }

  it('whose reply is lost gives the repeat the same reply, and does nothing again', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'], c: ['a'] }));
    await open.store.transitions.redeliver('fake', []); // Loads the library.
    open.inbox.take(uid);
    const { connection, calls } = losing(2);
    const transitions = new Transitions(batcherOn(connection));
    const events = await countEvents();
    const claimed = await transitions.claim({ run: uid, index: 0, attempt: 1 }, by);
    if (typeof claimed === 'string') expect.fail(claimed);
    expect(calls()).to.equal(3);
    expect((await countEvents()) - events).to.equal(2); // The run and its job started, once.
    const finished = await transitions.finish(claimed.lease, completed, {}, { fuse: { ttlMs: 60_000, atMost: 1 } });
    expect(finished).to.have.nested.property('fused[0].job', 'b');
    expect(open.inbox.take(uid)).to.eql([`${uid}.2.1`]);
  });

  it('whose reply is lost does not lose a fused claim and its messages', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'], c: ['a'] }));
    open.inbox.take(uid);
    const claimed = await open.store.transitions.claim({ run: uid, index: 0, attempt: 1 }, by);
    if (typeof claimed === 'string') expect.fail(claimed);
    const { connection } = losing(1);
    const outcome = completed;
    const finished = await new Transitions(batcherOn(connection)).finish(
      claimed.lease,
      outcome,
      {},
      { fuse: { ttlMs: 60_000, atMost: 1 } },
    );
    expect(finished).to.have.nested.property('fused[0].job', 'b');
    expect(open.inbox.take(uid)).to.eql([`${uid}.2.1`]);
    const leases = (await open.client.zrange(keys.leases(by.executor), 0, '-1')).filter((lease) =>
      lease.startsWith(uid),
    );
    expect(leases).to.have.length(2); // One of the attempt that ended, one of its dependent.
  });

  it('in which one operation fails writes nothing of it, and carries out the others', async () => {
    const [good, bad, other] = [
      await open.create(pipelineOf({ a: [] })),
      await open.create(pipelineOf({ a: [] })),
      await open.create(pipelineOf({ a: [] })),
    ];
    await open.client.hset(keys.run(bad), '0', '0');
    const [events, leases] = [await countEvents(), await open.client.zcard(keys.leases(by.executor))];
    const claims = await Promise.allSettled(
      [good, bad, other].map((run) => open.store.transitions.claim({ run, index: 0, attempt: 1 }, by)),
    );
    expect(claims.map(({ status }) => status)).to.eql(['fulfilled', 'rejected', 'fulfilled']);
    expect(await open.client.zcard(keys.leases(by.executor))).to.equal(leases + 2);
    expect((await countEvents()) - events).to.equal(4); // For each of the two runs: the run and its job started.
    expect(await open.client.hget(keys.run(bad), '0')).to.equal('0');
  });

  it('that fails loses no job of a long queue', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`j-${at}`, []]));
    const uid = await open.create(pipelineOf(jobs));
    const bad = await open.create(pipelineOf({ a: [] }));
    await open.client.hset(keys.run(bad), '0', '0');
    const waiting = await open.client.zcard(keys.backlog(uid));
    expect(waiting).to.equal(600 - open.inbox.count(uid));
    const claims = [uid, bad].map((run) => open.store.transitions.claim({ run, index: 0, attempt: 1 }, by));
    expect((await Promise.allSettled(claims)).map(({ status }) => status)).to.eql(['fulfilled', 'rejected']);
    expect(await open.client.zcard(keys.backlog(uid))).to.equal(waiting - readyAtOnce);
    expect(open.inbox.count(uid)).to.equal(600 - waiting + readyAtOnce);
  });

  it('that names an unknown operation is refused', async () => {
    const calls = new ReplayableCalls({
      connection: open.client,
      library: composeLibrary(),
      patienceMs: 5_000,
      commandTimeoutMs: 1_500,
    });
    const refused: unknown = await calls
      .call(packOperations([{ name: 'no-such-thing', args: [1] }]), false, new AbortController().signal)
      .catch((error: unknown) => error);
    expect(refused).to.have.property('name', 'ReplyError');
  });
});
