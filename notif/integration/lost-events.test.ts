import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import type { EventLine } from '@chainr/core/api/contract/event-resource';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { keys } from '@chainr/core/store/redis/keys';
import { Store } from '@chainr/core/store/store';
import { appendOnlyFile, writtenSize } from '@chainr/testkit/append-only-file';
import { pipelineOf } from '@chainr/testkit/builders';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import { createService } from '../src/service.js';

interface Follower {
  readonly lines: EventLine[];
  stop(): Promise<void>;
}

/** Follows the events. Repeats the request only while the answer is that Redis is away. */
function follow(url: string, after: string): Follower {
  const stopped = new AbortController();
  const lines: EventLine[] = [];
  const reading = (async () => {
    const ask = () => fetch(`${url}/api/events?follow=true&after=${after}`, { signal: stopped.signal });
    const response = await untilFound('an answer but 503', ask, ({ status }) => status !== 503);
    let rest = '';
    for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const parts = `${rest}${text}`.split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.filter((part) => part !== '').map((part) => JSON.parse(part) as EventLine));
    }
  })();
  reading.catch(() => undefined); // It is awaited when it is stopped.
  return {
    lines,
    stop: async () => {
      stopped.abort();
      await reading.catch((error: unknown) => {
        if (!stopped.signal.aborted) throw error;
      });
    },
  };
}

const runsOf = (lines: readonly EventLine[]): string[] => lines.flatMap((line) => ('run' in line ? [line.run] : []));

describe('events that Redis has lost', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let folder: string;
  let redis: RedisServer;
  let store: Store;
  let notif: ReturnType<typeof createService>;
  let followers: Follower[];

  const startRedis = () =>
    startRedisServer({ folder, socketPath: path.join(folder, 'redis.sock'), appendfsync: 'always' });

  beforeEach(async () => {
    folder = path.join(await folders.make(), 'redis');
    redis = await startRedis();
    store = new Store({ url: redis.url, logger: silentLogger, deliver: () => undefined, patienceMs: Infinity });
    await store.start();
    const listen = { host: '127.0.0.1', port: 0 };
    notif = createService({ redisUrl: redis.url, listen, logLevel: 'silent' }, silentLogger);
    await notif.start();
    followers = [];
  });

  afterEach(async () => {
    await Promise.all(followers.map((follower) => follower.stop()));
    await notif.stop();
    await store.stop();
    await redis.stop();
  });

  const begin = (after: string): Follower => {
    const follower = follow(notif.url, after);
    followers.push(follower);
    return follower;
  };

  async function create(): Promise<string> {
    const source = { contentType: 'application/json', text: '{}' };
    const asked = { pipeline: pipelineOf({ a: [] }), source, defaultPool: 'fake' } as const;
    const attempt = () =>
      store.runs.createRun(asked).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'StoreUnavailable') return undefined;
        throw error;
      });
    const made = await untilFound('a run that is created', attempt);
    return made && 'uid' in made ? made.uid : expect.fail('the run was not created');
  }

  const createSome = async (count: number): Promise<string[]> => {
    const uids: string[] = [];
    for (let n = 0; n < count; n += 1) uids.push(await create());
    return uids;
  };

  /** Kills Redis and starts it without the writes after `size`. */
  async function lose(size: number): Promise<void> {
    const file = await appendOnlyFile(folder);
    process.kill(redis.pid, 'SIGKILL');
    await untilFound('the end of Redis', () => !redis.isAlive());
    await truncate(file, size);
    redis = await startRedis();
  }

  const sizeNow = async () => {
    const client = await openRedisClient(redis.url);
    const size = await writtenSize(client, await appendOnlyFile(folder));
    client.disconnect();
    return size;
  };
  const untilHas = async ({ lines }: Follower, uid: string | undefined) => {
    if (uid !== undefined)
      await untilFound(
        `an event of ${uid}`,
        () => runsOf(lines),
        (runs) => runs.includes(uid),
      );
  };
  const untilResync = ({ lines }: Follower) =>
    untilFound(
      'a resync',
      () => lines.map(({ kind }) => kind),
      (kinds) => kinds.includes('resync'),
    );

  for (const shape of ['new ones follow at once', 'none follow for a while'] as const) {
    it(`are not sent any more, and clients that got them are told: ${shape}`, async () => {
      const kept = await createSome(3);
      const keptCursor = await store.events.lastCursor();
      const size = await sizeNow();
      const live = begin('0-0');
      await untilHas(live, kept.at(-1));
      const lost = await createSome(7);
      await untilHas(live, lost.at(-1));
      const lostCursor = live.lines.at(-1)?.cursor ?? '';
      await lose(size);
      const fresh = shape === 'new ones follow at once' ? await createSome(4) : [];
      // As soon as notif answers, clients come with a cursor before the lost events and with one among them.
      const early = begin(keptCursor);
      const late = begin(lostCursor);
      await untilResync(live);
      fresh.push(...(await createSome(4)));
      for (const follower of [live, early]) await untilHas(follower, fresh.at(-1));

      expect(runsOf(early.lines), 'from before').to.eql(fresh);
      const resyncAt = live.lines.findIndex(({ kind }) => kind === 'resync');
      expect(runsOf(live.lines.slice(0, resyncAt)), 'live, before it heard').to.eql([...kept, ...lost]);
      const resync = live.lines[resyncAt];
      const page = await store.events.readEvents(resync?.cursor, 1_000);
      expect(page.resync).to.equal(false);
      expect(runsOf(live.lines.slice(resyncAt + 1)), 'live, after').to.eql(page.events.map(({ run }) => run));
      await untilFound('a line for who comes late', () => late.lines.length);
      expect(late.lines[0], 'from within').to.have.property('kind', 'resync');
      for (const uid of runsOf([...early.lines, ...late.lines])) expect(await store.runs.getRun(uid), uid).to.include({ uid }); // prettier-ignore
    });
  }

  it('are not sent any more if an empty Redis replaces the old one', async () => {
    const before = await createSome(5);
    const live = begin('0-0');
    await untilHas(live, before.at(-1));
    await lose(0);
    const after = await createSome(2);
    const anew = begin('0-0');
    await untilHas(anew, after.at(-1));
    expect(runsOf(anew.lines)).to.eql(after);
    await untilResync(live);
    expect(live.lines.filter(({ kind }) => kind === 'resync')).to.have.length(1);
  });

  it('are noticed if others with the same ids replace them while Redis continues', async () => {
    const [uid = ''] = await createSome(1);
    const live = begin('0-0');
    await untilHas(live, uid);
    const client = await openRedisClient(redis.url);
    const cursor = await store.events.lastCursor();
    const [[, fields] = []] = (await client.xrange(keys.events, cursor, cursor)) as [string, string[]][];
    const other = (fields ?? []).map((field) => field.replaceAll(uid, '01900000-0000-7000-8000-000000000000'));
    await client
      .multi()
      .del(keys.events)
      .xadd(keys.events, cursor, ...other)
      .exec();
    client.disconnect();
    await untilResync(live);
    expect(runsOf(live.lines)).to.eql([uid]);
  });

  it('do not matter if none was lost: each client gets each event once', async () => {
    const live = begin('0-0');
    const before = await createSome(3);
    await untilHas(live, before.at(-1));
    process.kill(redis.pid, 'SIGKILL');
    await untilFound('the end of Redis', () => !redis.isAlive());
    redis = await startRedis();
    const after = await createSome(3);
    await untilHas(live, after.at(-1));
    expect(runsOf(live.lines)).to.eql([...before, ...after]);
  });
});
