import { expect } from 'chai';
import { dependenciesOf } from '@chainr/testkit/builders';
import type { OpenStore } from '@chainr/testkit/open-store';
import { openStore, silentLogger } from '@chainr/testkit/open-store';
import type { ChainrEvent, Cursor, RunUid } from '../../../src/engine/records.js';
import { planRerun, type RerunFrom } from '../../../src/engine/rerun.js';
import { formatLease, keys } from '../../../src/store/redis/keys.js';
import { libraryText, type Library } from '../../../src/store/script/library.js';
import { Store } from '../../../src/store/store.js';
import { Dice } from './dice.js';
import { History, ttlMs, type Ground } from './history.js';
import { casePools, nameOf, pipelineOfCase, type RandomCase } from './random-case.js';
import { afterRerun, dependentsOf } from './reference-model.js';
import { firstStart } from './replay.js';
import { findFaults } from './find-faults.js';
import { describeRun, requestOf, takeSnapshot, type Snapshot } from './snapshot.js';

/** The most rounds. A group of runs ends long before. */
const roundsMax = 600;
const stepsMs = [0, 0, 0, 500, 1_000, 5_000, 10_000, 60_000];

/** A Redis with a few workers of two executors in one pool and one in another, and a clock that is set by hand. */
export class HistoryGround implements Ground {
  readonly workers;
  readonly inbox;
  readonly client;
  paused = false;
  isOtherDead = false;
  readonly tally = new Map<string, number>();
  readonly #open: OpenStore;
  readonly #stores: Store[];
  readonly #executors: number[];
  #clockMs = 0;
  #dice = new Dice(0);
  #cursor: Cursor = '0-0';

  private constructor(open: OpenStore, stores: Store[], executors: number[]) {
    this.#open = open;
    this.#stores = stores;
    this.#executors = executors;
    this.inbox = open.inbox;
    this.client = open.client;
    this.workers = [0, 0, 0, 1, 1, 2, 2].map((executor, at) => ({
      store: stores[at % stores.length]!,
      owner: `worker-${at}`,
      executor: executors[executor]!,
      pool: casePools[executor < 2 ? 0 : 1],
    }));
  }

  static async start(library?: Library): Promise<HistoryGround> {
    // On a busy machine Redis may be slow.
    const options = { patienceMs: Infinity, commandTimeoutMs: 30_000, ...(library && { library }) };
    const open = await openStore(options);
    const { inbox, redis, client } = open;
    // A library that does not compile would make every history fail, and so prove nothing.
    if (library) await client.function('LOAD', libraryText(library));
    const more = [1, 2].map(
      () => new Store({ url: redis.url, logger: silentLogger, deliver: inbox.deliver, ...options }),
    );
    for (const store of more) await store.start();
    const executors = [await open.store.executors.register('fake:one', 'fake'), await open.store.executors.register('fake:two', 'fake'), await open.store.executors.register('fake:one', 'other')]; // prettier-ignore
    return new HistoryGround(open, [open.store, ...more], executors);
  }

  async stop(): Promise<void> {
    for (const store of this.#stores.slice(1)) await store.stop();
    await this.#open.close();
  }

  /** Takes many runs to their end at the same time, then reruns some of them. */
  async run(cases: readonly RandomCase[]): Promise<void> {
    this.#dice = new Dice(cases[0]!.seed);
    this.#cursor = await this.#store.events.lastCursor();
    await this.#store.transitions.resume('none'); // The library is loaded.
    const errors = await this.#countErrors();
    this.isOtherDead = this.#dice.chance(0.5);
    const histories: History[] = [];
    for (const each of cases) {
      const run = await this.#open.create(pipelineOfCase(each));
      histories.push(new History(this, run, { case: each, dice: new Dice(each.seed), start: firstStart(each) }));
    }
    await this.#drive(histories);
    const reruns: History[] = [];
    for (const each of histories) if (this.#dice.chance(0.3)) reruns.push(...(await this.#rerun(each)));
    await this.#drive(reruns);
    expect((await this.#countErrors()) - errors, 'errors of the library').to.equal(0);
  }

  /** The batcher hides an error of a call whose operations succeed one by one. */
  async #countErrors(): Promise<number> {
    return Number(/^errorstat_ERR:count=(\d+)/m.exec(await this.client.info('errorstats'))?.[1] ?? 0);
  }

  /** Checks everything after each round. */
  async #drive(histories: readonly History[]): Promise<void> {
    const finals = new Map<History, string>();
    let open = histories;
    await this.#look(open);
    for (let round = 0; open.length > 0; round += 1) {
      if (round > roundsMax) throw new Error(await this.#tellStuck(open));
      await Promise.all(open.map((history) => history.round()));
      await this.#look(open);
      await this.#betweenRounds(open);
      for (const each of open) if (each.isOver) finals.set(each, await this.#record(each.run));
      open = open.filter(({ isOver }) => !isOver);
    }
    await this.#afterwards(histories, finals);
  }

  /** Checks what a rerun reuses, what it runs again, and when it is refused. */
  async #rerun({ run, case: each, replay }: History): Promise<History[]> {
    const { runs } = this.#store;
    const pipeline = pipelineOfCase(each);
    const { statuses } = replay;
    const names = each.jobs.map((_, index) => nameOf(index)).filter(() => this.#dice.chance(0.3));
    const from: RerunFrom = this.#dice.chance(0.4) ? 'failed' : this.#dice.chance(0.3) ? 'all' : names;
    const chosen = each.jobs.flatMap((_, index) => {
      const failed = statuses[index] === 'FAILED' || statuses[index] === 'CANCELED';
      return from === 'all' || (from === 'failed' ? failed : from.includes(nameOf(index))) ? [index] : [];
    });
    const expected = afterRerun(each.jobs, chosen, statuses);
    const jobs = await runs.listJobs(run, { from: 0, limit: each.jobs.length });
    const plan = planRerun(dependenciesOf(pipeline), jobs, from);
    const counted = `rerun ${plan.kind === 'planned' ? 'planned' : 'refused'}`;
    this.tally.set(counted, (this.tally.get(counted) ?? 0) + 1);
    if (plan.kind !== 'planned') {
      expect(expected, plan.message).to.equal(undefined);
      return [];
    }
    const { standings } = plan;
    expect(standings.map(({ status }) => status)).to.eql(expected);
    const fields = await runs.readReusedFields(run, jobs.filter(({ index }) => standings[index]?.reason === 'Reused')); // prettier-ignore
    const source = { contentType: 'application/json', text: '{}' } as const;
    const made = await runs.createRun({
      pipeline,
      source,
      defaultPool: 'fake',
      rerun: { of: run, standings, fields },
    });
    if (made.kind === 'conflict') throw new Error('the rerun was not created');
    return [new History(this, made.uid, { case: each, dice: this.#dice, start: standings })];
  }

  /** What sweeps and the clock do. Nothing else happens meanwhile. */
  async #betweenRounds(histories: readonly History[]): Promise<void> {
    const dice = this.#dice;
    if (dice.chance(0.3)) await this.#renew(histories);
    if (dice.chance(0.2)) await this.#reportLate(histories);
    if (dice.chance(0.3)) await this.#reopen(histories);
    if (dice.chance(0.1)) await this.#adopt(histories);
    if (dice.chance(0.3)) await this.#deliverMarks();
    if (dice.chance(0.3)) for (const uid of await this.#chunks()) await this.#store.transitions.resume(uid);
    if (dice.chance(this.paused ? 0.5 : 0.05)) await this.#pause(!this.paused);
    if (dice.chance(this.isOtherDead ? 0.1 : 0.05)) this.isOtherDead = !this.isOtherDead;
    this.#clockMs += stepsMs[dice.below(stepsMs.length)]!;
    await this.client.set(keys.clock, this.#clockMs);
    if (dice.chance(0.4)) {
      const dueUntil = await this.#store.now();
      await this.#store.transitions.expire();
      for (const uid of await this.#chunks()) await this.#store.transitions.resume(uid);
      await this.#look(histories, dueUntil);
    }
  }

  async #chunks(): Promise<RunUid[]> {
    return this.#store.runsToSweep.listUnresolved({ before: Infinity, limit: 1_000 });
  }

  async #pause(paused: boolean): Promise<void> {
    this.paused = paused;
    await (paused ? this.client.set(keys.paused, '1') : this.client.del(keys.paused));
  }

  async #deliverMarks(): Promise<void> {
    for (const pool of casePools) {
      const ids = await this.#store.readyMarks.list(pool, { before: Infinity, limit: 10_000 });
      const found = await this.#store.transitions.redeliver(pool, ids);
      expect(found, 'every mark is of an attempt that waits').to.equal(ids.length);
    }
  }

  /** Each worker learns exactly what it must stop (see Cancels and stops). */
  async #renew(histories: readonly History[]): Promise<void> {
    for (const worker of this.workers) {
      const mine = histories.flatMap(({ held, replay }) => held.filter((each) => each.worker === worker).map(({ lease }) => ({ lease: formatLease(lease), stop: replay.stopOf(lease.index) }))); // prettier-ignore
      const leases = mine.map(({ lease }) => lease);
      const { lost, stops } = await worker.store.leases.renew(worker.executor, leases, ttlMs);
      expect(lost, 'leases that are lost').to.eql([]);
      const due = mine.flatMap(({ lease, stop }) => (stop === undefined ? [] : [`${lease} ${stop}`]));
      const told = stops.map(({ lease, reason }) => `${lease} ${reason}`).sort();
      if ((await this.#chunks()).length === 0) expect(told, 'what is to be stopped').to.eql(due.sort());
    }
  }

  /** Checks Old leases. */
  async #reportLate(histories: readonly History[]): Promise<void> {
    const before = await this.#snapshot(histories);
    await Promise.all(histories.map((history) => history.reportLate()));
    const after = await this.#snapshot(histories);
    expect(after.text() === before.text(), 'late reports change nothing').to.be.true;
  }

  /** Checks every reply to a retry by hand. Nothing else happens meanwhile. */
  async #reopen(histories: readonly History[]): Promise<void> {
    const { runs } = await this.#snapshot(histories);
    for (const history of histories) {
      const index = this.#dice.below(history.case.jobs.length);
      if (history.isTired(index)) continue;
      const views = history.replay.jobs;
      const { state, todo } = runs.get(history.run)!;
      const isOpen = history.held.some(({ lease }) => lease.index === index);
      const claimed = dependentsOf(history.case.jobs, index).filter((at) => views[at]!.everClaimed);
      const failed = views[index]!.status === 'FAILED';
      const expected = history.replay.isFinal ? 'final' : requestOf(state) ? 'ending' : !failed ? 'status' : todo > 0 || isOpen ? 'busy' : claimed.length > 0 ? 'claimed' : 'ok'; // prettier-ignore
      const reply = await history.reopen(index);
      expect(reply.kind, `retry by hand of job ${index} of ${history.run}`).to.equal(expected);
      if (reply.kind === 'claimed') expect(claimed).to.include(reply.index);
    }
  }

  /** A lease can be adopted once it has expired, and not before (see Leases). */
  async #adopt(histories: readonly History[]): Promise<void> {
    const { runs } = await this.#snapshot(histories);
    for (const history of histories) {
      const [held] = history.held;
      if (!held) continue;
      const before = await this.#store.now();
      const expiry = runs.get(history.run)!.leases.get(formatLease(held.lease).replace(`${history.run}.`, '')) ?? 0;
      const reply = await history.adoptLeases(held, false);
      if (expiry > (await this.#store.now())) expect(reply, 'before it expires').to.equal('held');
      // A suspect is left alone for a while (see Crash loops).
      const mayWait = (history.deeds.adoptions.get(`${held.lease.index}.${held.lease.attempt}`) ?? 0) > 0;
      if (expiry <= before && !(mayWait && reply === 'held')) expect(reply, 'once it has expired').to.equal('ok');
    }
  }

  async #snapshot(histories: readonly History[]): Promise<Snapshot> {
    const wanted = histories.map(({ run, case: { jobs } }) => ({ run, jobCount: jobs.length }));
    return takeSnapshot(this.client, wanted, this.#executors);
  }

  async #look(histories: readonly History[], dueUntil = 0): Promise<void> {
    const events = await this.#readEvents();
    const { runs } = await this.#snapshot(histories);
    for (const history of histories) {
      const { run, replay, case: each, deeds } = history;
      const found = runs.get(run)!;
      history.collectMail();
      try {
        replay.take(events.get(run) ?? [], requestOf(found.state));
        history.collectParked();
        const faults = findFaults(each, replay, found, dueUntil);
        const twice = [...deeds.claims].filter(([, count]) => count > 1);
        for (const [id] of twice) faults.push(`attempt ${id} was claimed twice`);
        if (faults.length > 0) throw new Error(faults.join('\n'));
      } catch (cause) {
        throw new Error(`${String(cause)}\nin the case ${JSON.stringify(each)}\n${describeRun(run, found)}`, { cause });
      }
    }
  }

  async #readEvents(): Promise<Map<RunUid, ChainrEvent[]>> {
    const byRun = new Map<RunUid, ChainrEvent[]>();
    for (;;) {
      const page = await this.#store.events.readEvents(this.#cursor, 5_000);
      for (const event of page.events) byRun.set(event.run, [...(byRun.get(event.run) ?? []), event]);
      if (page.events.length === 0) return byRun;
      this.#cursor = page.cursor;
    }
  }

  /** Everything that is kept of a run after its attempts were closed. */
  async #record(run: RunUid): Promise<string> {
    const hashes = await Promise.all([keys.run(run), keys.attempts(run)].map((key) => this.client.hgetallBuffer(key)));
    const fields = hashes.flatMap((hash) => Object.entries(hash).map(([name, value]) => `${name} ${value.toString('latin1')}`)); // prettier-ignore
    return fields.sort().join('\n');
  }

  /** Checks Every run ends and Final stays final: nothing is left over, and nothing changes a run that has ended. */
  async #afterwards(histories: readonly History[], finals: ReadonlyMap<History, string>): Promise<void> {
    this.#clockMs += 3_600_000;
    await this.client.set(keys.clock, this.#clockMs);
    for (const history of histories) {
      const [job] = history.failedJobs();
      const { transitions } = this.#store;
      expect(await transitions.cancel(history.run)).to.equal('unchanged');
      if (job !== undefined) expect((await history.reopen(job)).kind).to.equal('final');
      await transitions.resume(history.run);
      await history.reportLate();
    }
    expect(await this.#store.transitions.expire()).to.eql({ due: 0, lagMs: 0 });
    for (const history of histories)
      expect(await this.#record(history.run), `what is kept of ${history.run}`).to.equal(finals.get(history));
    expect((await this.#readEvents()).size, 'events after the end').to.equal(0);
    const { client } = this;
    const left = await Promise.all([
      ...['slots', 'backlog', 'todo'].map((name) => client.keys(`{chainr}:${name}:*`)),
      ...this.#executors.flatMap((number) => [keys.leases(number), keys.stops(number)]).map((key) => client.keys(key)),
      ...[
        ...casePools.flatMap((pool) => [keys.marks(pool), keys.liveIn(pool)]),
        keys.live,
        keys.chunks,
        keys.deadlines,
      ].map((key) => client.keys(key)),
    ]);
    expect(left.flat(), 'what is left').to.eql([]);
    await this.#pause(false);
  }

  async #tellStuck(histories: readonly History[]): Promise<string> {
    const { runs } = await this.#snapshot(histories);
    const stuck = histories.map(({ run }) => describeRun(run, runs.get(run)!));
    return `after ${roundsMax} rounds, ${stuck.length} runs have not ended, such as ${stuck[0] ?? ''}`;
  }

  get #store(): Store {
    return this.#stores[this.#dice.below(this.#stores.length)]!;
  }
}
