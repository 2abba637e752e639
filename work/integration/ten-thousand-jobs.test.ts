import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { measureCalls, readCostlyCalls } from '@chainr/testkit/call-cpu';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFinal } from '@chainr/testkit/waits';

const width = 9_998;
/** The most CPU time of one call (see Bounded calls). Other processes do not add to it. */
const mostCpuMs = 20;

describe('a run of 10,000 jobs', function () {
  this.timeout(120_000);
  let chainr: Constellation;
  let client: Awaited<ReturnType<typeof openRedisClient>>;

  beforeEach(async () => {
    chainr = await startConstellation({
      executor: createFakeExecutor(),
      work: { capacity: 200 },
    });
    client = await openRedisClient(chainr.redis.url);
    await measureCalls(client);
  });

  afterEach(async () => {
    client.disconnect();
    await chainr.stop();
  });

  it('is accepted, runs to its end, and no call of the library takes Redis more than 20 ms of CPU', async () => {
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

    const costly = await readCostlyCalls(client);
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    console.log(`      accepted after ${seconds(accepted - begun)} s, ran for ${seconds(ended - accepted)} s`);
    for (const { cpuMs, what } of costly.slice(0, 3)) console.log(`      ${cpuMs.toFixed(1)} ms of CPU ${what}`);
    expect(costly.filter(({ cpuMs }) => cpuMs > mostCpuMs)).to.deep.equal([]);
    // The time that Redis counts for other commands includes waiting for the CPU, so only the mean is significant.
    const stats = (await client.info('commandstats')).matchAll(/^cmdstat_(\S+?):.*usec_per_call=([\d.]+)/gm);
    const means = Array.from(stats, ([, command, usec]) => ({ command, ms: Number(usec) / 1000 }));
    expect(means.length).to.be.above(10);
    expect(means.filter(({ ms }) => ms > mostCpuMs)).to.deep.equal([]);
  });
});
