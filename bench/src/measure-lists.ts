import { Client } from '@chainr/core/api/client/client';
import { socketFetch } from '@chainr/core/api/client/socket-fetch';
import { readSlowLog, slowLogSettings } from '@chainr/testkit/slow-log';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { fillRuns, names } from './fill-runs.js';
import { redisSettings } from './open-engine.js';
import { residentMegabytes } from './process-usage.js';
import { median, percentile, type Row } from './row.js';
import { buildServices, spawnService } from './spawn-service.js';

const runs = 100_000;
const requests = 200;

type ListQuery = NonNullable<Parameters<Client['listRuns']>[0]>;

/** The queries by what a person reads. Those that find little or nothing among much are the hardest. */
const queries: Readonly<Record<string, ListQuery>> = {
  'no filter': {},
  'no filter, 100 a page': { limit: 100 },
  'one status': { status: ['FAILED'] },
  'what is live': { status: ['PENDING', 'RUNNING'] },
  'one name': { name: names[7] ?? '' },
  'begin of few names': { name: 'pipeline-01*' },
  'begin of many names': { name: 'pipeline-*' },
  'one label': { label: ['team=3'] },
  'a key that one run in 10,000 has': { label: ['rare'] },
  'name and status': { name: names[7] ?? '', status: ['FAILED'] },
  'label and status, none found': { label: ['team=3'], status: ['CANCELED'] },
  'all at once': { status: ['FAILED'], name: 'pipeline-*', label: ['team=3', 'tier'], since: '365d', until: '1ms' },
  'since and until': { since: '365d', until: '1s' },
};

/** 100,000 stored runs: each filter and its pages, the memory of sched, and how long deletion blocks Redis. */
export async function* measureLists(): AsyncGenerator<Row> {
  await buildServices();
  const open = await openStore({ patienceMs: Infinity }, [...redisSettings, ...slowLogSettings]);
  try {
    await fillRuns(open, runs);
    const sched = await spawnService('sched', open.redis.folder, { CHAINR_REDIS_URL: open.redis.url });
    const client = new Client({ baseUrl: 'http://localhost', fetch: socketFetch(sched.socketPath) });
    try {
      for (const query of Object.values(queries)) await timePages(client, query); // Warms up.
      // Memory varies with the garbage collector by some 30 MB, so medians over the same number of lists are compared.
      const before: number[] = [];
      const after: number[] = [];
      for (const query of Object.values(queries)) {
        await timePages(client, query);
        before.push(await residentMegabytes(sched.pid));
      }
      for (const [figure, query] of Object.entries(queries)) {
        const value = percentile(await timePages(client, query), 99);
        after.push(await residentMegabytes(sched.pid));
        yield { name: 'GET /api/runs, p99', figure, value, unit: 'ms', target: { atMost: 50 } };
      }
      const grown = median(after) - median(before);
      const listed = `${(requests * Object.keys(queries).length).toLocaleString('en')} lists`;
      yield { name: 'sched, growth', figure: listed, value: grown, unit: 'MB', target: { atMost: 20 } };
      yield* measureDeletion(open, client);
    } finally {
      await sched.stop();
    }
  } finally {
    await open.close();
  }
}

/**
 * Reads one page after the other, starting again after the last.
 * @returns how long each took, in milliseconds
 */
async function timePages(client: Client, query: ListQuery): Promise<number[]> {
  const times: number[] = [];
  let next: string | undefined;
  for (let sent = 0; sent < requests; sent += 1) {
    const sentAt = performance.now();
    const list = await client.listRuns({ ...query, ...(next === undefined ? {} : { cursor: next }) });
    times.push(performance.now() - sentAt);
    next = list.metadata.next;
  }
  return times;
}

/** Deletes everything that has ended, as a user does. */
async function* measureDeletion({ client: redis }: OpenStore, client: Client): AsyncGenerator<Row> {
  await redis.call('SLOWLOG', 'RESET');
  const startedAt = performance.now();
  let done = 0;
  let next: string | undefined;
  do {
    const result = await client.deleteRuns({ all: true, ...(next === undefined ? {} : { cursor: next }) });
    done += result.done;
    next = result.next;
  } while (next !== undefined);
  const seconds = (performance.now() - startedAt) / 1000;
  const figure = `${done.toLocaleString('en')} runs by filter`;
  yield { name: 'DELETE /api/runs', figure, value: done / seconds, unit: '/s' };
  const slow = await readSlowLog(redis);
  const longest = (isOurs: (what: string) => boolean) => slow.find(({ what }) => isOurs(what))?.ms ?? 0;
  // On a busy machine even a command that reads one field may seem slow.
  const held = `longest script; of a plain read: ${longest((what) => /^hget /i.test(what)).toFixed(1)} ms`;
  const value = longest((what) => what.startsWith('eval'));
  yield { name: 'deletion holds Redis', figure: held, value, unit: 'ms', target: { atMost: 20 } };
}
