import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { beginning } from '@chainr/core/store/events/event-stream';
import { keys } from '@chainr/core/store/redis/keys';
import { retryUntilAvailable } from '@chainr/core/store/redis/translate-redis-errors';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { Executor } from '@chainr/executor/port';
import { startConstellation } from '@chainr/testkit/constellation';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { useJumpingClocks, type JumpingClock } from '@chainr/testkit/jumping-redis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';

const hour = 3_600_000;

/** A script that records that it runs, and waits for permission to end. */
const waitingIn = (home: string, name: string) => `echo >> ${path.join(home, name)}.runs; until [ -e ${path.join(home, 'go')} -o -e ${path.join(home, name)}.go ]; do sleep 0.05; done`; // prettier-ignore
const untilRunsIn = (home: string, name: string) =>
  untilFound(`${name} to run`, () => existsSync(path.join(home, `${name}.runs`)));
const startsIn = (home: string, name: string) => readFileSync(path.join(home, `${name}.runs`), 'utf8').length;
/** All changes of jobs in their order, as `job STATUS.attempt reason`. */
const changesOf = async ({ store }: WorkerGroup, ...runs: string[]) =>
  (await store.events.readEvents(beginning, 10_000)).events.flatMap(
    (event) =>
    !('job' in event) || !runs.includes(event.run) ? [] : [`${event.job} ${event.status}.${String(event.attempt)} ${event.reason}`], // prettier-ignore
  );

describe('workers while the clock of a real Redis jumps', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  const clocks = useJumpingClocks();
  let home: string;
  let clock: JumpingClock;
  let group: WorkerGroup;

  /** @param env further settings of the workers. */
  async function start(env: Record<string, string> = {}): Promise<void> {
    const settings = { ...briefLeases, ...env };
    group = await WorkerGroup.start({ home, kind: 'process', env: settings, redisProgram: clock.program });
  }
  beforeEach(async () => {
    home = await folders.make();
    clock = await clocks.make();
  });
  afterEach(() => group.stop());

  const waiting = (name: string) => waitingIn(home, name);
  const untilRuns = (name: string) => untilRunsIn(home, name);
  const startsOf = (name: string) => startsIn(home, name);
  const go = () => writeFile(path.join(home, 'go'), '');
  it('stop no job and adopt none, after jumps ahead and back, and later jobs run normally', async () => {
    await start();
    const workers = [await group.startWorker(), await group.startWorker()];
    const limits = { timeout: '10m', pendingTimeout: '10m' };
    const run = await group.createRun({
      kind: 'Pipeline',
      timeout: '30m',
      jobs: {
        one: { image: 'busybox', run: waiting('one'), ...limits },
        two: { image: 'busybox', run: waiting('two'), ...limits },
        then: { image: 'busybox', run: 'true', dependsOn: ['one', 'two'], ...limits },
      },
    });
    await Promise.all([untilRuns('one'), untilRuns('two')]);
    await group.untilRenewed(3); // A process that has only started takes a jumped time for right (ADR 18).
    for (const ahead of [hour, 0, -hour, hour, 365 * 24 * hour, 0]) {
      await clock.set(ahead);
      await group.untilRenewed(6); // Meanwhile deadlines and leases are checked.
    }
    await go();
    await untilFinal(group.store.events, run);
    expect((await group.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
    expect(
      (await changesOf(group, run)).filter((change) => /Canceling|TimedOut|Lost|Adopt|Backoff/.test(change)),
    ).to.eql([]);
    expect(await Promise.all([0, 1, 2].map((index) => group.adoptionsOf(run, index)))).to.eql([0, 0, 0]);
    expect([startsOf('one'), startsOf('two')]).to.eql([1, 1]);
    for (const { output } of workers) expect(output).not.to.match(/attempt\.adopted/);
  });

  for (const { name, ahead, dies } of [
    { name: 'back', ahead: -hour, dies: 'before' },
    { name: 'back', ahead: -hour, dies: 'after' },
    { name: 'ahead', ahead: hour, dies: 'before' },
    { name: 'ahead', ahead: hour, dies: 'after' },
  ]) {
    it(`adopt the attempts of a worker that died right ${dies} a jump ${name}, and start nothing twice`, async () => {
      await start();
      const first = await group.startWorker();
      const run = await group.createRun({ kind: 'Pipeline', jobs: { one: { image: 'busybox', run: waiting('one') } } });
      await untilRuns('one');
      const second = await group.startWorker();
      await group.untilRenewed(3);
      if (dies === 'after') await clock.set(ahead);
      first.signal('SIGKILL');
      await first.ended;
      if (dies === 'before') await clock.set(ahead);
      await second.says(/attempt\.adopted/);
      await go();
      await untilFinal(group.store.events, run);
      expect((await group.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
      expect(await group.adoptionsOf(run, 0)).to.equal(1);
      expect(startsOf('one')).to.equal(1);
    });
  }

  it('start normally after a jump, although their own clock has jumped too', async () => {
    await start(clock.env);
    await group.startWorker();
    await clock.set(hour);
    const jobs = { one: { image: 'busybox', run: waiting('one'), timeout: '10m' } };
    const run = await group.createRun({ kind: 'Pipeline', jobs });
    await untilRuns('one');
    await untilEvent(group.store.events, (event) => 'job' in event && event.reason === 'Executing');
    await group.untilRenewed(6);
    await go();
    await untilFinal(group.store.events, run);
    expect((await group.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });

  it('know that Redis has just started if it restarts with another clock', async () => {
    await start();
    const { runId } = await group.store.serverLife.read();
    const seenAt = performance.now();
    await group.killRedis();
    await group.restartRedis();
    await clock.set(hour);
    // The connection may need a moment to come back.
    const after = await retryUntilAvailable(() => group.store.serverLife.read(), AbortSignal.timeout(30_000));
    expect(after.runId).not.to.equal(runId);
    expect(after.upMs).to.be.at.most(performance.now() - seenAt);
  });
});

describe('deadlines of workers while the clock of a real Redis jumps', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  const clocks = useJumpingClocks();
  const jumps = [
    { name: 'ahead', ahead: hour, whose: 'Redis' },
    { name: 'back', ahead: -hour, whose: 'Redis' },
    { name: 'ahead', ahead: hour, whose: 'Redis and of the workers' },
    { name: 'back', ahead: -hour, whose: 'Redis and of the workers' },
  ];
  /** All run at once, since each takes 20 s. */
  let seen: PromiseSettledResult<{ changes: string[]; starts: number }>[];

  async function jump({ ahead, whose }: (typeof jumps)[number]): Promise<{ changes: string[]; starts: number }> {
    const home = await folders.make();
    const clock = await clocks.make();
    const env = { ...briefLeases, ...(whose === 'Redis' ? {} : clock.env) };
    const group = await WorkerGroup.start({ home, kind: 'process', env, redisProgram: clock.program });
    try {
      await group.startWorker();
      const failed = path.join(home, 'failed');
      const run = await group.createRun({
        kind: 'Pipeline',
        jobs: {
          timeout: { image: 'busybox', run: waitingIn(home, 'timeout'), timeout: '20s', allowFailure: true },
          backoff: { image: 'busybox', run: `[ -e ${failed} ] || { touch ${failed}; exit 1; }`, retries: { limit: 1, backoff: { initial: '20s' } } }, // prettier-ignore
          witness: { image: 'busybox', run: waitingIn(home, 'witness') },
        },
      });
      const whole = await group.createRun({
        kind: 'Pipeline',
        timeout: '20s',
        jobs: { 'run-timeout': { image: 'busybox', run: waitingIn(home, 'run-timeout') } },
      });
      await Promise.all([
        ...['timeout', 'witness', 'run-timeout'].map((name) => untilRunsIn(home, name)),
        untilFound('the failure', () => existsSync(failed)),
      ]);
      await untilEvent(group.store.events, (event) => 'job' in event && event.reason === 'RetryBackoff');
      await clock.set(ahead);
      await group.untilRenewed(3); // Meanwhile deadlines are checked.
      await writeFile(path.join(home, 'witness.go'), '');
      await Promise.all([run, whole].map((each) => untilFinal(group.store.events, each)));
      return { changes: await changesOf(group, run, whole), starts: startsIn(home, 'timeout') };
    } finally {
      await group.stop();
    }
  }

  before(async () => {
    seen = await Promise.allSettled(jumps.map(jump));
  });

  for (const [at, { name, whose }] of jumps.entries())
    it(`are carried out when their time has passed, and not before, after a jump ${name} of the clock of ${whose}`, () => {
      const result = seen[at];
      if (result?.status !== 'fulfilled') throw result?.reason;
      const { changes, starts } = result.value;
      const first = (change: string) => changes.findIndex((each) => each.startsWith(change));
      const witness = first('witness SUCCESSFUL');
      for (const change of ['timeout RUNNING.1 Canceling', 'run-timeout RUNNING.1 Canceling', 'backoff RUNNING.2'])
        expect(first(change), `${change} in ${changes.join(', ')}`).to.be.above(witness);
      expect(changes).to.include.members(['timeout FAILED.1 TimedOut', 'run-timeout CANCELED.1 RunTimedOut', 'backoff SUCCESSFUL.2 Completed']); // prettier-ignore
      expect(starts).to.equal(1);
    });
});

/** Waits until deadlines have been checked `times` times from now on. */
async function untilLookedThrough(client: WorkerGroup['client'], times: number): Promise<void> {
  const look = () => client.get(keys.clockSeen);
  let last = await look();
  for (let left = times; left > 0; left -= 1)
    last = await untilFound(`deadlines to be checked, ${left} of ${times} more`, look, (seen) => seen !== last);
}

describe('a pendingTimeout while the clock of a real Redis jumps', function () {
  this.timeout(120_000);
  const clocks = useJumpingClocks();

  for (const { name, ahead } of [
    { name: 'ahead', ahead: hour },
    { name: 'back', ahead: -hour },
  ])
    it(`comes when its time has passed, and not before, after a jump ${name}`, async () => {
      const clock = await clocks.make();
      const held = createFakeExecutor({ decide: () => ({ hold: true }) });
      const executor: Executor = {
        ...held,
        /** Never reports that the job `stuck` runs. */
        observe: (spec, onPhase, signal) =>
          held.observe(spec, spec.job === 'stuck' ? () => undefined : onPhase, signal),
      };
      const all = await startConstellation({ executor, redisProgram: clock.program });
      const client = await openRedisClient(all.redis.url);
      try {
        const { events } = all.store;
        const jobs = {
          stuck: { image: 'busybox', run: ':', pendingTimeout: '12s' },
          witness: { image: 'busybox', run: ':' },
        };
        const text = JSON.stringify({ kind: 'Pipeline', jobs });
        const { metadata } = await all.client.createRun({ contentType: 'application/json', text });
        const run = metadata.uid;
        await untilEvent(events, (event) => 'job' in event && event.job === 'witness' && event.reason === 'Executing');
        // The deadline exists only if the attempt has not started after a second.
        await untilFound('the deadline of the pendingTimeout', () => client.zcard(keys.deadlines));
        await clock.set(ahead);
        await untilLookedThrough(client, 3);
        held.end({ run, job: 'witness', attempt: 1 }, completed);
        const over = await untilFinal(events, run);
        expect(over).to.include({ status: 'FAILED' });
        const seen = (await events.readEvents(beginning, 1_000)).events;
        const first = (job: string, word: RegExp) => seen.findIndex((event) => 'job' in event && event.job === job && word.test(`${event.status} ${event.reason}`)); // prettier-ignore
        expect(first('stuck', /Canceling/)).to.be.above(first('witness', /SUCCESSFUL/));
        expect(first('stuck', /FAILED PendingTimedOut/)).to.be.above(0);
      } finally {
        client.disconnect();
        await all.stop();
      }
    });
});
