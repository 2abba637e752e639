import { expect } from 'chai';
import { keys } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { keepAll } from '@chainr/testkit/keep-all';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { trimEvents } from '../src/sweeps/trim-events.js';

const never = new AbortController().signal;
const single = pipelineOf({ a: [] });
const day = 86_400_000;

describe('the event stream', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const sweep = async (settings: { eventRetentionMs?: number; eventLimitBytes?: number }) =>
    (await trimEvents({ store: open.store, config: { ...keepAll, ...settings } }).sweep(never)).changed;
  const length = () => open.client.xlen(keys.events);

  /** Fills the stream with at least `entries` entries, in several nodes. */
  async function fill(entries: number): Promise<void> {
    while ((await length()) < entries) await endRun(open.store, await open.create(single));
  }

  it('loses events older than its retention, and sends resync to clients that return too late', async () => {
    await fill(350);
    const [old] = (await open.store.events.readEvents(undefined, 1)).events;
    const last = await open.store.events.lastCursor();
    expect(await sweep({ eventRetentionMs: 7 * day })).to.equal(0);
    await setClock(open.redis.url, 7 * day + 60_000);
    expect(await sweep({ eventRetentionMs: 7 * day })).to.be.at.least(250);
    expect(await length()).to.be.below(100); // A node is trimmed only as a whole.
    expect(await open.store.events.readEvents(old?.cursor, 10)).to.deep.equal({
      events: [],
      cursor: last,
      resync: true,
    });
    expect(await open.store.events.readEvents(last, 10)).to.deep.equal({ events: [], cursor: last, resync: false });
  });

  it('keeps events that the slowest consumer still has to read or to acknowledge', async () => {
    await open.client.xgroup('CREATE', keys.events, 'quick', '0', 'MKSTREAM');
    await open.client.xgroup('CREATE', keys.events, 'slow', '0');
    await fill(350);
    const read = async (group: string, count: number): Promise<string[]> => {
      const stream = ['STREAMS', keys.events, '>'] as const;
      const reply = await open.client.xreadgroup('GROUP', group, 'one', 'COUNT', count, ...stream);
      return (reply?.[0]?.[1] ?? []).map(([id]) => id);
    };
    const ids = await read('slow', 150);
    await read('quick', 1000);
    const all = await length();
    await setClock(open.redis.url, 30 * day);
    const settings = { eventRetentionMs: 7 * day, eventLimitBytes: 1 };
    expect(await sweep(settings), 'nothing is acknowledged').to.equal(0);
    await open.client.xack(keys.events, 'slow', ...ids);
    await sweep(settings);
    expect(await length(), 'quick has acknowledged nothing').to.equal(all);
    await open.client.xgroup('DESTROY', keys.events, 'quick');
    await sweep(settings);
    const [oldest] = await open.client.xrange(keys.events, '-', '+', 'COUNT', 1);
    expect(oldest?.[0]).to.equal(ids.at(-1));
  });

  it('never uses more memory than its limit, whatever the age of the events', async () => {
    await fill(1_300);
    const used = async () => (await open.client.memory('USAGE', keys.events)) ?? 0;
    const limit = Math.floor((await used()) / 2);
    expect(await sweep({ eventLimitBytes: limit })).to.be.at.least(500);
    expect(await used()).to.be.at.most(limit);
    expect(await length()).to.be.at.least(200);
    expect(await sweep({ eventLimitBytes: limit })).to.equal(0);
  });

  it('may be empty', async () => {
    expect(await sweep({ eventRetentionMs: 1, eventLimitBytes: 1 })).to.equal(0);
  });
});
