import { expect } from 'chai';
import { countLeases } from '@chainr/testkit/count-leases';
import { pipelineOf } from '@chainr/testkit/builders';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import { StoreUnavailable } from '../src/store/redis/errors.js';
import { keys } from '../src/store/redis/keys.js';

/** A chain and a fan, so that ends hand back dependents, ready lists and both. */
const pipeline = pipelineOf({
  a: [],
  b: ['a'],
  c: ['b'],
  ...Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`d-${at}`, ['c']])),
  e: Array.from({ length: 12 }, (_, at) => `d-${at}`),
  f: ['e'],
});

describe('connections that are killed under load', function () {
  this.timeout(120_000);

  it('lose no run, no lease and no job, and start no job twice', async () => {
    const open = await openStore({ patienceMs: Infinity });
    const { client, store } = open;
    const executor = await store.executors.register('fake:killed', 'fake');
    let kills = 0;
    const killing = setInterval(() => {
      void client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').then((count) => (kills += Number(count)));
    }, 50);
    /** As a client does that is told to come again: nothing was created then. */
    const create = async (): Promise<string> => {
      const attempt = () =>
        open.create(pipeline).catch((error: unknown) => {
          if (error instanceof StoreUnavailable) return undefined;
          throw error;
        });
      // A connection that is down refuses at once: it needs a turn of the event loop to come back.
      return (await untilFound('a run that is created', attempt, Boolean, { everyMs: 0 }))!;
    };
    const runs: string[] = [];
    const claims: Map<string, number>[] = [];
    try {
      for (const until = performance.now() + 2_500; performance.now() < until || runs.length < 50;) {
        const uids = await Promise.all(Array.from({ length: 10 }, create));
        runs.push(...uids);
        claims.push(...(await Promise.all(uids.map((uid) => driveRun(open, uid, { executor })))));
      }
    } finally {
      clearInterval(killing);
    }
    console.log(`      ${runs.length} runs of ${pipeline.jobs.length} jobs, ${kills} connections killed`);
    expect(kills).to.be.above(40);
    for (const claimed of claims) {
      expect(claimed.size).to.equal(pipeline.jobs.length);
      expect([...claimed.values()].every((count) => count === 1)).to.be.true;
    }
    // The store's own connection may have been the last one killed.
    for (const uid of runs) {
      const state = (await client.hgetBuffer(keys.run(uid), 'state'))!;
      expect(state.readUInt8(0), uid).to.equal(2);
    }
    const left = await Promise.all([keys.chunks, keys.marks('fake'), keys.live].map((key) => client.zcard(key)));
    expect([...left, await countLeases(client)]).to.eql([0, 0, 0, 0]);
    await open.close();
  });
});
