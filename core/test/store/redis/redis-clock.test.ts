import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { claimJob } from '@chainr/testkit/claim-job';
import { Batcher } from '../../../src/store/script/batcher.js';
import { keys } from '../../../src/store/redis/keys.js';
import { jumpBetween, RedisClock } from '../../../src/store/redis/redis-clock.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { Transitions } from '../../../src/store/script/transitions.js';

const hour = 3_600_000;
const minute = 60_000;

describe('a jump of the clock', () => {
  const earlier = { time: 1_000_000, sentAt: 0, receivedAt: 10 };
  for (const { name, moved, sentAt, receivedAt, jump } of [
    { name: 'is none while both clocks agree', moved: 5_000, sentAt: 5_000, receivedAt: 5_010, jump: 0 },
    { name: 'is none after an idle hour', moved: hour, sentAt: hour, receivedAt: hour + 5, jump: 0 },
    { name: 'is none where the reply was slow', moved: 60_000, sentAt: 100, receivedAt: 60_100, jump: 0 },
    { name: 'is none where Redis was slow to be asked', moved: 100, sentAt: 100, receivedAt: 60_100, jump: 0 },
    { name: 'is none where the clock drifts within a day', moved: 86_443_000, sentAt: 86_400_000, receivedAt: 86_400_010, jump: 0 }, // prettier-ignore
    { name: 'is one forwards', moved: hour + 100, sentAt: 95, receivedAt: 100, jump: hour },
    { name: 'is one backwards', moved: -hour + 90, sentAt: 100, receivedAt: 105, jump: -hour },
    { name: 'is one where a suspend stops the monotonic clock', moved: 9_000, sentAt: 900, receivedAt: 1_000, jump: 8_000 }, // prettier-ignore
  ])
    it(name, () => {
      expect(jumpBetween(earlier, { time: earlier.time + moved, sentAt, receivedAt })).to.equal(jump);
    });
});

/** To a process, the clock of Redis has jumped if it remembers another time from a moment ago. The tests plant that memory. */
describe('the clock of Redis', () => {
  let open: OpenStore;
  const stops: (() => void)[] = [];
  beforeEach(async () => (open = await openStore()));
  afterEach(async () => {
    for (const stop of stops.splice(0)) stop();
    await open.close();
  });

  interface Process {
    clock: RedisClock;
    transitions: Transitions;
  }

  /** A process to which Redis' clock has just jumped by `jumpMs`, or not if that is 0. */
  async function processThatSees(jumpMs: number): Promise<Process> {
    const clock = new RedisClock(open.client, silentLogger);
    const batcher = new Batcher({ connection: open.client, logger: silentLogger, library: composeLibrary(), patienceMs: 5_000, commandTimeoutMs: 1_500, deliver: open.inbox.deliver, clock }); // prettier-ignore
    stops.push(() => { batcher.stop(); }); // prettier-ignore
    clock.observe((await clock.now()) - jumpMs, performance.now());
    return { clock, transitions: new Transitions(batcher) };
  }

  const correction = async () => Number(((await open.client.get(keys.clockCorrection)) ?? '0:0').split(':')[1]);
  const within = (value: number, expected: number) => { expect(value).to.be.closeTo(expected, minute); }; // prettier-ignore

  for (const { name, jump } of [
    { name: 'forwards', jump: hour },
    { name: 'backwards', jump: -hour },
  ]) {
    it(`goes on as before after a jump ${name}, and is corrected once though several processes see it`, async () => {
      const before = await open.store.now();
      const processes = await Promise.all(Array.from({ length: 5 }, () => processThatSees(jump)));
      const nows = await Promise.all(processes.map(({ clock }) => clock.now()));
      for (const now of nows) within(now, before - jump);
      within(await correction(), -jump);
      expect(await open.client.get(keys.clockCorrection)).to.match(/^1:/);
    });

    it(`is corrected before a call after a jump ${name} acts on it`, async () => {
      const before = await open.store.now();
      const { transitions } = await processThatSees(jump);
      const uid = await open.create(pipelineOf({ a: [] }));
      await transitions.cancel(uid);
      const run = await open.store.runs.getRun(uid);
      within(run!.endedAt!, before - jump);
      within(await correction(), -jump);
    });
  }

  it('ends no attempt for a deadline that only a jump has reached', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: hour / 2 });
    const { transitions } = await processThatSees(0);
    // The jump: the process remembers the time before it, and deadlines now lie an hour in the past.
    await open.client.set(keys.clockCorrection, `0:${String(hour)}`);
    expect(await transitions.expire()).to.include({ due: 0 });
    expect((await open.store.runs.findJob(uid, 'a'))?.reason).to.equal('Executing');
    await open.client.set(keys.clock, hour / 2 + minute);
    expect(await transitions.expire()).to.include({ due: 1 });
  });

  it('is not corrected by a process that stood still while others went on', async () => {
    const late = await processThatSees(hour);
    await open.store.transitions.expire();
    within(await late.clock.now(), await open.store.now());
    expect(await open.client.exists(keys.clockCorrection)).to.equal(0);
    expect(await late.transitions.expire()).to.include({ due: 0 });
  });

  it('follows the correction of another process, even without a jump for this one', async () => {
    const fresh = await processThatSees(0);
    const old = await processThatSees(hour);
    const time = await old.clock.now();
    expect(await fresh.transitions.expire()).to.include({ due: 0 });
    within(await fresh.clock.now(), time);
    within(await old.clock.now(), time);
    expect(await open.client.get(keys.clockCorrection)).to.match(/^1:/);
  });

  it('is corrected again after Redis has lost the correction', async () => {
    const { clock } = await processThatSees(hour);
    const before = await clock.now();
    await open.client.del(keys.clockCorrection);
    within(await clock.now(), before);
    within(await correction(), -hour);
  });

  it('is the same in scripts and for readers', async () => {
    await open.client.set(keys.clockCorrection, `1:${String(-hour)}`);
    const uid = await open.create(pipelineOf({ a: [] }));
    const run = await open.store.runs.getRun(uid);
    within(run!.createdAt, await open.store.now());
    const [seconds] = await open.client.time();
    within(Number(seconds) * 1000 - run!.createdAt, hour);
  });
});
