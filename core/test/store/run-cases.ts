import { expect } from 'chai';
import { countLeases } from '@chainr/testkit/count-leases';
import type { OpenStore } from '@chainr/testkit/open-store';
import type { ChainrEvent, Cursor } from '../../src/model/records.js';
import { keys } from '../../src/store/keys.js';
import { checkEvents } from './check-events.js';
import { Dice } from './dice.js';
import { RandomDriver, type Driven } from './drive-at-random.js';
import { pipelineOfCase, type RandomCase } from './random-case.js';
import { endingsOf, verdictOf } from './reference-model.js';

/** Takes many runs to their end on one store at the same time, then looks at what they left. */
export async function runCases(open: OpenStore, cases: readonly RandomCase[]): Promise<void> {
  const cursor = await open.store.events.lastCursor();
  const ended = await Promise.all(cases.map((each) => runCase(open, each)));
  const events = await eventsByRun(open, cursor);
  for (const { uid, check } of ended) await check(events.get(uid) ?? []);
  const { client } = open;
  const left = {
    leases: await countLeases(client),
    marks: await client.zcard(keys.marks('fake')),
    live: await client.zcard(keys.live('fake')),
    chunks: await client.zcard(keys.chunks),
  };
  expect(left).to.eql({ leases: 0, marks: 0, live: 0, chunks: 0 });
}

async function runCase(open: OpenStore, each: RandomCase) {
  const { jobs, fuse, cancel, seed } = each;
  const dice = new Dice(seed);
  const order = dice.shuffled(jobs.map((_, at) => at));
  const uid = await open.create(pipelineOfCase(each, order));
  const executor = await open.store.work.registerExecutor('fake:random');
  const fails = (index: number) => jobs[order[index]!]!.fails;
  const driver = new RandomDriver({ ...open, executor }, uid, { dice, fails, fuse });
  const driven = await driver.drive(cancel ? dice.below(jobs.length) : Infinity);
  const check = async (events: ChainrEvent[]) => {
    try {
      await checkCase(open, each, { uid, order, driven, events });
    } catch (cause) {
      throw new Error(`${String(cause)}\nin the case ${JSON.stringify({ ...each, driven: [...driven.ran] })}`, {
        cause,
      });
    }
  };
  return { uid, check };
}

async function checkCase(
  { store }: OpenStore,
  { jobs }: RandomCase,
  { uid, order, driven, events }: { uid: string; order: readonly number[]; driven: Driven; events: ChainrEvent[] },
): Promise<void> {
  const ran = new Set([...driven.ran].map((index) => order[index]!));
  const endings = endingsOf(jobs, (job) => !driven.canceled || ran.has(job));
  const stored = await store.runs.listJobs(uid, { from: 0, limit: jobs.length });
  const found = Object.fromEntries(stored.map(({ name, status }) => [name, status]));
  expect(found).to.eql(Object.fromEntries(endings.map((ending, job) => [`job-${job}`, ending])));
  const run = await store.runs.getRun(uid);
  expect(run?.status).to.equal(verdictOf(jobs, endings, driven.canceled));
  expect(
    [...driven.claims.values()].every((count) => count === 1),
    'each attempt claimed once',
  ).to.be.true;
  checkEvents(events, { jobs, names: jobs.map((_, job) => `job-${job}`), run: run!, stored, claims: driven.claims });
}

async function eventsByRun({ store }: OpenStore, after: Cursor): Promise<Map<string, ChainrEvent[]>> {
  const byRun = new Map<string, ChainrEvent[]>();
  for (let cursor = after; ;) {
    const page = await store.events.readEvents(cursor, 2_000);
    for (const event of page.events) {
      const events = byRun.get(event.run) ?? [];
      events.push(event);
      byRun.set(event.run, events);
    }
    if (page.events.length === 0) return byRun;
    cursor = page.cursor;
  }
}
