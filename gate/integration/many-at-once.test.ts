import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { createLogger } from '@chainr/core/service/logger';
import { createFakeExecutor, type FakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { completed } from '@chainr/testkit/outcomes';
import { untilEvent } from '@chainr/testkit/waits';
import { expect } from 'chai';

const pipeline = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: ':' } } });
const json = { 'Content-Type': 'application/json' };
const count = 1_000;

/** What a client does with one connection of its own. */
interface Asked {
  method: string;
  path: string;
  body?: string;
}

describe('1,000 requests and 1,000 followers at once', function () {
  this.timeout(180_000);
  let all: Constellation;
  let executor: FakeExecutor;
  let run: string;
  const logLines: Record<string, unknown>[] = [];
  const sockets = new Set<net.Socket>();

  beforeEach(async () => {
    const write = (line: string) => void logLines.push(JSON.parse(line) as Record<string, unknown>);
    logLines.length = 0;
    executor = createFakeExecutor({
      // The first run goes on; what else is made meanwhile ends at once.
      decide: ({ run: uid }) => (run === '' ? { hold: true } : { hold: uid === run }),
    });
    run = '';
    all = await startConstellation({ executor, logger: createLogger('test', 'warn', { write }) });
    const made = await fetch(`${all.url}/api/runs`, { method: 'POST', headers: json, body: pipeline });
    const { metadata } = (await made.json()) as { metadata: { uid: string } };
    await untilEvent(all.store.events, (event) => event.kind === 'job.status' && event.run === metadata.uid);
    run = metadata.uid;
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await all.stop();
  });

  /** Sends all in one moment: the connections are there before. */
  async function sendAll(asked: readonly Asked[]): Promise<IncomingMessage[]> {
    const { hostname, port } = new URL(all.url);
    const connecting = asked.map(async () => {
      const socket = net.connect({ host: hostname, port: Number(port) });
      sockets.add(socket);
      await once(socket, 'connect');
      return socket;
    });
    const connected = await Promise.all(connecting);
    const sent = asked.map(({ method, path, body }, at) => {
      const headers = body === undefined ? {} : { ...json, 'Content-Length': Buffer.byteLength(body) };
      const createConnection = () => connected[at] ?? net.connect(Number(port), hostname);
      return http.request({ hostname, port, method, path, headers, createConnection }).end(body);
    });
    return Promise.all(sent.map(responseOf));
  }

  async function responseOf(request: http.ClientRequest): Promise<IncomingMessage> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.on('error', () => undefined); // Followers are cut at the end.
    return response.on('error', () => undefined);
  }

  async function statusesOf(asked: readonly Asked[]): Promise<string[]> {
    const responses = await sendAll(asked);
    await Promise.all(responses.map((response) => response.resume().toArray()));
    return responses.map(({ statusCode }, at) => nameOf(asked[at], statusCode));
  }

  /** What people and programs ask, as it comes. */
  const requests = (posts: number): Asked[] => {
    const post: Asked = { method: 'POST', path: '/api/runs', body: pipeline };
    const others: Asked[] = [
      { method: 'GET', path: '/api/runs' },
      { method: 'GET', path: `/api/runs/${run}` },
      { method: 'GET', path: `/api/runs/${run}/jobs/only` },
      { method: 'GET', path: '/api/events?limit=10' },
      { method: 'POST', path: '/api/pipelines/validate', body: pipeline },
      { method: 'GET', path: '/' },
      { method: 'GET', path: '/healthz' },
    ];
    return Array.from({ length: count }, (_, at) => (at < posts ? post : (others[at % others.length] ?? post)));
  };

  const followers = (): Asked[] =>
    Array.from({ length: count }, (_, at) => ({
      method: 'GET',
      path: at % 4 === 0 ? '/api/events?follow=true&after=latest' : `/api/runs/${run}/jobs/only/logs?follow=true`,
    }));

  const nameOf = (asked: Asked | undefined, status = 0): string =>
    `${asked?.method ?? ''} ${asked?.path ?? ''} ${String(status)}`;

  async function expectServed(asked: readonly Asked[]): Promise<void> {
    const statuses = await statusesOf(asked);
    const isNew = ({ method, path }: Asked) => method === 'POST' && path === '/api/runs';
    expect(tally(statuses)).to.deep.equal(tally(asked.map((one) => nameOf(one, isNew(one) ? 202 : 200))));
    const faults = logLines.filter(({ msg }) => msg === 'a service did not answer' || msg === 'request failed');
    expect(faults).to.deep.equal([]);
  }

  it('serves 1,000 simultaneous requests', async () => {
    await expectServed(requests(400));
  });

  it('serves 1,000 simultaneous followers, and 1,000 requests beside them', async () => {
    const following = await sendAll(followers());
    expect(new Set(following.map(({ statusCode }) => statusCode))).to.deep.equal(new Set([200]));
    const heard = Promise.all(following.filter((_, at) => at % 4 === 0).map(firstLine));
    const ended = Promise.all(following.filter((_, at) => at % 4 !== 0).map((response) => response.resume().toArray()));
    // Each of the 250 that follow the events hears of each of these.
    await expectServed(requests(10));
    for (const line of await heard) expect(JSON.parse(line)).to.have.property('kind', 'run.created');
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await ended;
    for (const response of following.filter((_, at) => at % 4 !== 0)) expect(response.complete).to.equal(true);
  });

  it('refuses surplus connections of one client with 429, and none with 503', async () => {
    await all.stop();
    all = await startConstellation({ executor: createFakeExecutor(), gate: { connectionsPerClient: 100 } });
    const follow = { method: 'GET', path: '/api/events?follow=true' };
    const statuses = (await sendAll(Array.from({ length: 400 }, () => follow))).map(({ statusCode }) => statusCode);
    expect(tally(statuses.map(String))).to.deep.equal({ 200: 100, 429: 300 });
  });
});

const tally = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

/** The first line that is no heartbeat; what follows is read and thrown away. */
async function firstLine(response: IncomingMessage): Promise<string> {
  let text = '';
  while (!text.trimStart().includes('\n')) {
    const [chunk] = (await once(response, 'data')) as [Buffer];
    text += chunk.toString();
  }
  response.on('data', () => undefined);
  return text.trimStart().split('\n', 1).join('');
}
