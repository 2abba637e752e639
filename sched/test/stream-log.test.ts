import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { logLineSchema } from '@chainr/core/api/contract/job-resource';
import { responseSignal } from '@chainr/core/service/response-signal';
import type { Lease } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import type { AttemptPlace } from '../src/logs/find-attempt.js';
import { asNdjson, asRaw, asText, type LogFormat } from '../src/logs/format-log.js';
import { streamLog } from '../src/logs/stream-log.js';

const formats: Readonly<Record<string, LogFormat>> = { ndjson: asNdjson, raw: asRaw, text: asText };
const beatMs = 5;

describe('a follower of a silent log', () => {
  let open: OpenStore;
  let lease: Lease;
  let length: number;
  let server: http.Server;
  let place: AttemptPlace | Promise<AttemptPlace | null>;
  /** Of the clients that read nothing. */
  const stuck: ServerResponse[] = [];

  beforeEach(async () => {
    open = await openStore();
    lease = await claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
    length = 0;
    place = { uid: lease.run, jobIndex: lease.index, attempt: lease.attempt };
    stuck.length = 0;
    server = http.createServer((request, response) => {
      const [, name = '', only] = (request.url ?? '').split('/');
      if (only === 'stuck') stuck.push(response);
      const steps = { names: ['one', 'two'], ...(only === 'one' && { only }) };
      const wanted = { format: formats[name] ?? asText, offset: 0, steps };
      response.flushHeaders();
      const signal = responseSignal(response);
      streamLog(open.store.logs, place, wanted, response, signal, beatMs).then(
        () => response.end(),
        () => response.destroy(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await open.close();
  });

  async function append(text: string, { step = 0, end = false } = {}): Promise<void> {
    const bytes = Buffer.from(text);
    const pieces = [{ time: 1, step, stream: 'stdout' as const, bytes }];
    const reply = await open.store.transitions.appendLog(lease, { length, pieces, position: String(length), end });
    expect(reply.kind).to.equal('ok');
    length += bytes.length;
  }

  async function ask(path: string): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const request = http.get({ host: '127.0.0.1', port, path, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response.setEncoding('utf8').on('error', () => undefined); // It breaks at the end of the test.
  }

  /** A client that reads NDJSON, with empty lines as heartbeats. */
  async function hear(path = '/ndjson') {
    let beats = 0;
    const texts: string[] = [];
    const response = await ask(path);
    let rest = '';
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines)
        if (line === '') beats += 1;
        else texts.push(logLineSchema.parse(JSON.parse(line)).text);
    });
    return {
      texts,
      ended: once(response, 'end'),
      /** Resolves after this number of further heartbeats. */
      beats: (count: number, wanted = beats + count) =>
        untilFound(
          `${wanted} heartbeats`,
          () => beats,
          (seen) => seen >= wanted,
        ),
      until: (text: string) =>
        untilFound(
          `the line ${text}`,
          () => texts,
          (seen) => seen.includes(text),
        ),
    };
  }

  it('gets heartbeats as empty lines of NDJSON between complete lines', async () => {
    const client = await hear();
    await client.beats(3);
    for (const text of ['one', 'two', 'three']) {
      await append(`${text}\n`);
      await client.until(text);
      await client.beats(3);
    }
    await append('', { end: true });
    await client.ended;
    expect(client.texts).to.deep.equal(['one', 'two', 'three']);
  });

  it('gets them while only other steps write', async () => {
    const client = await hear('/ndjson/one');
    for (let at = 0; at < 5; at += 1) {
      const beats = client.beats(2);
      for (let isOver = false; !isOver;) {
        await append('noise\n', { step: 1 });
        isOver = await Promise.race([beats.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]); // prettier-ignore
      }
    }
    await append('word\n', { end: true });
    await client.ended;
    expect(client.texts).to.deep.equal(['word']);
  });

  it('gets them before the attempt begins', async () => {
    const { run, index, attempt } = lease;
    let begin: (found: AttemptPlace | null) => void = () => undefined;
    place = new Promise((resolve) => (begin = resolve));
    const client = await hear();
    await client.beats(3);
    begin({ uid: run, jobIndex: index, attempt });
    await append('word\n', { end: true });
    await client.ended;
    expect(client.texts).to.deep.equal(['word']);
  });

  it('gets them while Redis stalls', async () => {
    await append('one\n');
    const client = await hear();
    await client.until('one');
    process.kill(open.redis.pid, 'SIGSTOP');
    try {
      await client.beats(20);
    } finally {
      process.kill(open.redis.pid, 'SIGCONT');
    }
    await append('two\n', { end: true });
    await client.ended;
    expect(client.texts).to.deep.equal(['one', 'two']);
  });

  it('gets no heartbeats as text or raw bytes', async () => {
    const clients = await Promise.all([hear(), ask('/text'), ask('/raw')]);
    const [beside, ...quiet] = clients;
    const bodies = quiet.map(async (response) => (await response.toArray()).join(''));
    await append('one\ntw');
    await beside.beats(20);
    await append('o', { end: true });
    expect(await Promise.all(bodies)).to.deep.equal(['one\ntwo', 'one\ntwo']);
  });

  it('gets none while it does not read', async () => {
    const line = 'y'.repeat(1023);
    for (let at = 0; at < 20; at += 1) await append(`${line}\n`.repeat(1024));
    const client = await ask('/ndjson/stuck');
    client.pause();
    const beside = await hear();
    await beside.until(line);
    const waiting = () => stuck[0]?.writableLength ?? 0;
    // Until the buffers of the connection are full.
    for (let before = -1; before !== waiting() || before === 0;) {
      before = waiting();
      await beside.beats(20);
    }
    const full = waiting();
    await beside.beats(50);
    expect(waiting()).to.equal(full);
  });
});
