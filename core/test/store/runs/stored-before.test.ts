import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { createRun } from '../../../src/store/runs/create-run.js';
import { keys } from '../../../src/store/redis/keys.js';

/** So many jobs that their rows are stored in several chunks first. */
const wide = fanOfJobs(1_200);
/** Its jobs wait for slots, so the backlog is stored in several chunks first, too. */
const slotted: Pipeline = {
  ...pipelineOf(Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`job-${at}`, []] as const))),
  maxParallel: 1,
};

/** Each of their pools has a backlog. */
const pooled = pipelineOf(
  Object.fromEntries(
    Array.from({ length: 1_200 }, (_, at) => [`job-${at}`, at % 3 === 0 ? { pool: 'gpu' } : []] as const),
  ),
);

describe('what is stored of a large run before it is visible', () => {
  let open: OpenStore;
  let connection: Redis;
  beforeEach(async () => {
    open = await openStore();
    connection = await openRedisClient(open.redis.url);
  });
  afterEach(async () => {
    connection.disconnect();
    await open.close();
  });

  const create = (pipeline: Pipeline) =>
    createRun(connection, open.store.transitions, {
      pipeline,
      source: { contentType: 'application/json', text: '{}' },
      defaultPool: 'fake',
    });

  /** Calls `before` with the number of each command, from 1. If that fails, the command is not sent. */
  function intercept(before: (command: number) => Promise<void>): void {
    const send = connection.sendCommand.bind(connection);
    let commands = 0;
    connection.sendCommand = (command, stream) => {
      commands += 1;
      before(commands).then(
        () => send(command, stream),
        (error: unknown) => { command.reject(error as Error); }, // prettier-ignore
      );
      return command.promise;
    };
  }

  /** The keys of runs that are not visible, each with the seconds until it expires; -1: never. */
  async function leftOvers(): Promise<{ key: string; ttl: number }[]> {
    const visible = await open.client.zrange(keys.runs, 0, '-1');
    const names = ['run', 'source', 'backlog'].map((name) => `${keys.runs.slice(0, -'runs'.length)}${name}:*`);
    const found = (await Promise.all(names.map((name) => open.client.keys(name)))).flat();
    const hidden = found.filter((key) => !visible.some((uid) => key.includes(uid)));
    return Promise.all(hidden.map(async (key) => ({ key, ttl: await open.client.ttl(key) })));
  }

  const backlogsOf = (uid: string) => [keys.backlog(uid), keys.backlog(uid, 'gpu'), keys.backlog(uid, 'fake')];
  const partsOf = (uid: string) => [keys.run(uid), ...backlogsOf(uid), keys.source(uid)];

  for (const { name, pipeline } of [
    { name: 'a wide run', pipeline: wide },
    { name: 'a run with slots', pipeline: slotted },
    { name: 'a run in two pools', pipeline: pooled },
  ]) {
    it(`expires, at whatever command the process that creates ${name} dies`, async () => {
      let commands = 0;
      let dead = 0;
      intercept(() => {
        commands += 1;
        return commands > dead ? Promise.reject(new Error('the process has died')) : Promise.resolve();
      });
      let isCreated = false;
      while (!isCreated && dead < 1_000) {
        commands = 0;
        dead += 1;
        isCreated = await create(pipeline).then(
          () => true,
          () => false,
        );
        const lasting = (await leftOvers()).filter(({ ttl }) => ttl === -1);
        expect(lasting, `killed after ${dead} commands`).to.eql([]);
      }
      expect(isCreated).to.be.true;
      expect(dead).to.be.above(4);
    });

    it(`is stored again if any part of ${name} expires meanwhile`, async () => {
      let round = 0;
      let isTold = false;
      let expired = 0;
      intercept(async (command) => {
        if (isTold || command < round) return;
        isTold = true;
        // What Redis does when they expire.
        const hidden = await leftOvers();
        if (hidden.length > 0) expired = await open.client.unlink(hidden.map(({ key }) => key));
      });
      let rounds = 0;
      for (round = 2; rounds < 8; round += 1, rounds += 1) {
        isTold = false;
        const made = await create(pipeline);
        if (made.kind !== 'created') expect.fail(made.kind);
        const { uid } = made;
        expect(await open.store.runs.getRun(uid), `expired before command ${round}`).to.include({ status: 'PENDING' });
        const jobs = await open.store.runs.listJobs(uid, { from: 0, limit: 1_200 });
        expect(jobs).to.have.length(1_200);
        expect(await open.client.exists(keys.source(uid))).to.equal(1);
        for (const key of partsOf(uid)) expect(await open.client.ttl(key), key).to.be.oneOf([-1, -2]);
        expect(await leftOvers()).to.eql([]);
      }
      expect(expired).to.be.above(0);
    });
  }

  for (const { part, pipeline, key } of [
    { part: 'run', pipeline: slotted, key: keys.run },
    { part: 'backlog', pipeline: slotted, key: keys.backlog },
    { part: 'source', pipeline: slotted, key: keys.source },
    { part: 'the backlog of a pool', pipeline: pooled, key: (uid: string) => keys.backlog(uid, 'gpu') },
    { part: 'the backlog of the default pool', pipeline: pooled, key: (uid: string) => keys.backlog(uid, 'fake') },
  ])
    it(`does not become a run if ${part} has expired`, async () => {
      const { transitions } = open.store;
      const replies: string[] = [];
      const expiring = Object.assign(Object.create(transitions) as typeof transitions, {
        create: async (request: Parameters<typeof transitions.create>[0]) => {
          if (replies.length === 0) expect(await open.client.unlink(key(request.uid))).to.equal(1);
          const reply = await transitions.create.call(transitions, request);
          replies.push(reply.kind);
          return reply;
        },
      });
      const source = { contentType: 'application/json', text: '{"a":1}' };
      const made = await createRun(connection, expiring, { pipeline, source, defaultPool: 'fake' });
      if (made.kind !== 'created') expect.fail(made.kind);
      expect(replies).to.eql(['incomplete', 'created']);
      const waiting = await Promise.all(backlogsOf(made.uid).map((each) => open.client.zcard(each)));
      expect(waiting.reduce((sum, count) => sum + count)).to.be.within(900, 1_200);
      expect(await open.client.exists(keys.source(made.uid))).to.equal(1);
    });

  it('lives longer with each chunk', async () => {
    const ages: number[] = [];
    intercept(async () => {
      for (const { key, ttl } of await leftOvers()) {
        if (key.includes(':run:')) ages.push(ttl);
        await open.client.expire(key, 10);
      }
    });
    await create(wide);
    expect(ages.length).to.be.above(1);
    expect(Math.min(...ages.slice(0, 2))).to.be.above(10);
  });

  it('is refused as a whole by a full Redis', async () => {
    await open.client.config('SET', 'maxmemory', '1mb');
    const error = await open.store.runs.createRun({ pipeline: wide, source: { contentType: 'a', text: '' }, defaultPool: 'fake' }).catch((each: unknown) => each); // prettier-ignore
    await open.client.config('SET', 'maxmemory', '0');
    expect(error).to.have.property('name', 'StoreFull');
    expect((await leftOvers()).filter(({ ttl }) => ttl === -1)).to.eql([]);
  });
});
