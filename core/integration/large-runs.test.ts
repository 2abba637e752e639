import { expect } from 'chai';
import { measureCalls, readCostlyCalls } from '@chainr/testkit/call-cpu';
import { countLeases } from '@chainr/testkit/count-leases';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { driveRun, type DriveOptions } from '@chainr/testkit/drive-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Pipeline } from '../src/pipeline/pipeline.js';
import { keys } from '../src/store/redis/keys.js';

/** No call does more (see Bounded calls): CPU time, which does not grow while other processes have their turn. */
const mostCpuMs = 20;

describe('large runs', function () {
  this.timeout(120_000);
  let open: OpenStore;
  beforeEach(async () => {
    open = await openStore();
    await measureCalls(open.client);
  });
  afterEach(() => open.close());

  async function run(pipeline: Pipeline, options?: DriveOptions) {
    const started = performance.now();
    const uid = await open.create(pipeline);
    const created = performance.now();
    const claims = await driveRun(open, uid, options);
    const ended = performance.now();
    const costly = await readCostlyCalls(open.client);
    console.log(
      `      created in ${(created - started).toFixed()} ms, driven in ${(ended - created).toFixed()} ms; most costly:`,
    );
    for (const { cpuMs, what } of costly.slice(0, 5)) console.log(`      ${cpuMs.toFixed(1)} ms of CPU ${what}`);
    expect(costly.filter(({ cpuMs }) => cpuMs >= mostCpuMs)).to.eql([]);
    expect([...claims.values()].every((count) => count === 1)).to.be.true;
    const left = await Promise.all([keys.chunks, keys.live].map((key) => open.client.zcard(key)));
    expect([...left, await countLeases(open.client)]).to.eql([0, 0, 0]);
    expect(await open.client.keys(keys.marks('*'))).to.eql([]);
    expect(await open.client.keys(`${keys.backlog(uid)}*`)).to.eql([]);
    return { claims: claims.size, record: (await open.store.runs.getRun(uid))! };
  }

  it('runs 1 → 9,998 → 1 to its end', async () => {
    const { claims, record } = await run(fanOfJobs(9_998));
    expect(claims).to.equal(10_000);
    expect(record).to.include({ status: 'SUCCESSFUL' });
    expect(record.jobCounts.SUCCESSFUL).to.equal(10_000);
  });

  it('runs 10,000 independent jobs to their end', async () => {
    const roots = Array.from({ length: 10_000 }, (_, at) => [`job-${at}`, []] as const);
    const { claims, record } = await run(pipelineOf(Object.fromEntries(roots)));
    expect(claims).to.equal(10_000);
    expect(record.jobCounts.SUCCESSFUL).to.equal(10_000);
  });

  for (const { shape, needs, options } of [
    { shape: '10,000 independent jobs', needs: [], options: {} },
    { shape: '10,000 independent jobs with slots', needs: [], options: { maxParallel: 50 } },
    { shape: '1 → 9,999', needs: ['job-0'], options: {} },
    { shape: '1 → 9,999 with slots', needs: ['job-0'], options: { maxParallel: 50 } },
  ])
    it(`runs ${shape} in 32 pools to their end`, async () => {
      const jobs = Array.from({ length: 10_000 }, (_, at) => [`job-${at}`, { pool: `pool-${at % 32}`, dependsOn: at === 0 ? [] : needs }] as const); // prettier-ignore
      const { claims, record } = await run(pipelineOf(Object.fromEntries(jobs), options));
      expect(claims).to.equal(10_000);
      expect(record).to.include({ status: 'SUCCESSFUL' });
    });

  it('skips a fan of 9,998 jobs and what follows', async () => {
    const { claims, record } = await run(fanOfJobs(9_998), { fails: () => true });
    expect(claims).to.equal(1);
    expect(record).to.include({ status: 'FAILED' });
    expect(record.jobCounts).to.include({ FAILED: 1, SKIPPED: 9_999 });
  });

  it('skips a chain of 5,000 jobs', async () => {
    const chain = Array.from({ length: 5_000 }, (_, at) => [`job-${at}`, at === 0 ? [] : [`job-${at - 1}`]] as const);
    const { record } = await run(pipelineOf(Object.fromEntries(chain)), { fails: () => true });
    expect(record.jobCounts).to.include({ FAILED: 1, SKIPPED: 4_999 });
  });

  it('skips a mesh of 300 jobs each of which waits for 300 others', async () => {
    const fronts = Array.from({ length: 300 }, (_, at) => `front-${at}`);
    const backs = Array.from({ length: 300 }, (_, at) => [`back-${at}`, fronts] as const);
    const jobs = {
      first: [],
      ...Object.fromEntries(fronts.map((name) => [name, ['first']])),
      ...Object.fromEntries(backs),
    };
    const { record } = await run(pipelineOf(jobs), { fails: (index) => index === 0 });
    expect(record.jobCounts).to.include({ FAILED: 1, SKIPPED: 600 });
  });

  it('runs a mesh of 300 jobs each of which waits for 300 others to its end', async () => {
    const fronts = Array.from({ length: 300 }, (_, at) => `front-${at}`);
    const backs = Array.from({ length: 300 }, (_, at) => [`back-${at}`, fronts] as const);
    const jobs = {
      first: [],
      ...Object.fromEntries(fronts.map((name) => [name, ['first']])),
      ...Object.fromEntries(backs),
    };
    const { record } = await run(pipelineOf(jobs));
    expect(record.jobCounts.SUCCESSFUL).to.equal(601);
  });
});
