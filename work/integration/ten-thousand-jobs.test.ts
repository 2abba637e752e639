import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { readSlowLog, slowLogSettings } from '@chainr/testkit/slow-log';
import { untilFinal } from '@chainr/testkit/waits';

const width = 9_998;
/** Bounded calls asks for about 5 ms on a quiet machine. */
const slowestMs = 20;

describe('a run of 10,000 jobs', function () {
  this.timeout(120_000);
  // The slow log measures by the clock on the wall: what is slow by itself, not by another process' turn, is slow every time.
  this.retries(2);
  let chainr: Constellation;

  beforeEach(async () => {
    chainr = await startConstellation({
      executor: createFakeExecutor(),
      work: { capacity: 200 },
      redisSettings: slowLogSettings,
    });
  });

  afterEach(() => chainr.stop());

  it('is accepted, runs to its end, and no script holds Redis for longer than 20 ms', async () => {
    const middle = Array.from({ length: width }, (_, at) => `middle-${String(at)}`);
    const job = (...dependsOn: string[]) => ({ image: 'busybox', run: ':', dependsOn });
    const fan = Object.fromEntries(middle.map((name) => [name, job('first')]));
    const text = JSON.stringify({ kind: 'Pipeline', jobs: { first: job(), ...fan, last: job(...middle) } });

    const begun = performance.now();
    const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
    const accepted = performance.now();
    await untilFinal(chainr.store.events, metadata.uid);
    const ended = performance.now();
    const run = await chainr.client.getRun(metadata.uid);
    expect(run.status).to.equal('SUCCESSFUL');
    expect(run.jobCounts).to.include({ SUCCESSFUL: width + 2 });

    const client = await openRedisClient(chainr.redis.url);
    const slow = await readSlowLog(client);
    client.disconnect();
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    console.log(`      accepted after ${seconds(accepted - begun)} s, ran for ${seconds(ended - accepted)} s`);
    for (const { ms, what } of slow.slice(0, 3)) console.log(`      slow log: ${ms.toFixed(1)} ms ${what}`);
    expect(slow.filter(({ ms }) => ms > slowestMs)).to.deep.equal([]);
  });
});
