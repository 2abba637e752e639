import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { cursorPattern, type ChainrEvent } from '../../../src/engine/records.js';
import { beginning } from '../../../src/store/events/event-stream.js';
import { keys } from '../../../src/store/redis/keys.js';

const chain = pipelineOf({ a: [], b: ['a'], c: ['b'] });

describe('the event stream', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const runChain = async () => {
    const uid = await open.create(chain);
    await driveRun(open, uid);
    return uid;
  };
  const tell = (event: ChainrEvent) =>
    `${event.kind} ${'job' in event ? `${event.job} ` : ''}${'status' in event ? event.status : ''}`;

  it('tells the life of a run in order', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    await driveRun(open, uid, { fails: () => true, fuse: false });
    const { events, cursor, resync } = await open.store.events.readEvents(undefined, 100);
    expect(events.map(tell)).to.eql([
      'run.created ',
      'run.status RUNNING',
      'job.status a RUNNING',
      'job.status a FAILED',
      'job.status b SKIPPED',
      'run.status FAILED',
    ]);
    expect(cursor).to.equal(events.at(-1)?.cursor);
    expect(resync).to.be.false;
  });

  it('is read in pages without a gap', async () => {
    await runChain();
    const whole = (await open.store.events.readEvents(undefined, 1_000)).events;
    const paged: ChainrEvent[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await open.store.events.readEvents(cursor, 2);
      if (page.events.length === 0) break;
      expect(page.events.length).to.be.at.most(2);
      paged.push(...page.events);
      cursor = page.cursor;
    }
    expect(paged).to.eql(whole);
  });

  it('can be read on from between the events of one call', async () => {
    await Promise.all(Array.from({ length: 20 }, () => open.create(chain)));
    const whole = (await open.store.events.readEvents(undefined, 1_000)).events;
    expect(new Set(whole.map(({ cursor }) => cursor)).size).to.equal(whole.length);
    expect(await open.client.xlen(keys.events)).to.be.below(whole.length);
    for (const [at, { cursor }] of whole.entries()) {
      expect(await open.store.events.readEvents(cursor, 1_000)).to.deep.include({
        events: whole.slice(at + 1),
        resync: false,
      });
      const stop = new AbortController();
      const followed: ChainrEvent[] = [];
      if (at === whole.length - 1) continue;
      const onEvents = (events: ChainrEvent[]) => {
        followed.push(...events);
        if (followed.length >= whole.length - at - 1) stop.abort();
      };
      await open.store.events.tail(cursor, { onEvents }, stop.signal);
      expect(followed).to.eql(whole.slice(at + 1));
    }
  });

  it('has a beginning in an empty Redis', async () => {
    expect(await open.store.events.lastCursor()).to.equal(beginning);
    expect(await open.store.events.readEvents(beginning, 10)).to.eql({ events: [], cursor: beginning, resync: false });
  });

  it('asks for a resync from a cursor that was trimmed, or is newer than the end', async () => {
    await runChain();
    const { events } = await open.store.events.readEvents(undefined, 3);
    await open.client.call('XTRIM', keys.events, 'MAXLEN', '2');
    const last = await open.store.events.lastCursor();
    const resync = { events: [], cursor: last, resync: true };
    expect(await open.store.events.readEvents(events[0]?.cursor, 10)).to.eql(resync);
    expect(await open.store.events.readEvents('9999999999999-0', 10)).to.eql(resync);
    expect(await open.store.events.readEvents(last, 10)).to.eql({ events: [], cursor: last, resync: false });
    // Entries are trimmed whole: the events of one call stay or go together.
    const kept = (await open.store.events.readEvents(undefined, 100)).events;
    expect(kept.at(-1)?.cursor).to.equal(last);
    expect(kept.map(({ cursor }) => cursor)).not.to.include(events[0]?.cursor);
  });

  it('refuses what cannot be a cursor', () => {
    expect(['1-0', '1763690000000-12', '1763690000000-12.99'].every((text) => cursorPattern.test(text))).to.be.true;
    const others = ['', '1', '-', '1-', '(1-0', '1-0 ', '$', '12345678901234567-0', '1-0.', '1.1', '1-0.1.1'];
    expect(others.some((text) => cursorPattern.test(text))).to.be.false;
  });

  it('is followed without a gap, each event once, while runs go on', async () => {
    await runChain();
    const after = await open.store.events.lastCursor();
    const stop = new AbortController();
    const followed: ChainrEvent[] = [];
    let last = '';
    const tailing = open.store.events.tail(
      after,
      {
        onEvents: (events, cursor) => {
          followed.push(...events);
          expect(cursor).to.equal(events.at(-1)?.cursor ?? after);
          last = cursor;
          if (events.some((event) => event.kind === 'run.created' && event.name === 'the-last-one')) stop.abort();
        },
      },
      stop.signal,
    );
    await Promise.all(Array.from({ length: 60 }, runChain));
    await open.create({ ...chain, metadata: { name: 'the-last-one', labels: {} } });
    await tailing;
    const { events } = await open.store.events.readEvents(after, 10_000);
    expect(followed).to.eql(events);
    expect(last).to.equal(await open.store.events.lastCursor());
  });

  it('continues from its cursor when its connection is killed', async () => {
    const uid = await open.create(chain);
    const waiting = untilFinal(open.store.events, uid);
    const kill = () => open.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await untilEvent(open.store.events, ({ run }) => run === uid);
    await kill();
    await untilEvent(open.store.events, ({ run }) => run === uid);
    await driveRun(open, uid, { executor: 1 });
    expect(await waiting).to.include({ status: 'SUCCESSFUL' });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const tailing = open.store.events.tail(beginning, { onEvents: () => {} }, stop.signal);
    setImmediate(() => stop.abort());
    await tailing;
  });
});
