import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { UnknownAnswer } from '@chainr/core/api/client/parse-answer';
import { ConnectionError, RequestError } from '@chainr/core/api/client/request-error';
import { Client } from '@chainr/core/api/client/client';
import { answerBroken, answerJson, answerLines, openServer, socketClient, type OpenServer } from '../open-server.js';

const run = {
  kind: 'Run',
  metadata: { selfLink: '/api/runs/x', uid: 'x', labels: {}, createdAt: '2026-11-21T02:00:00.000Z', pool: 'fake' },
  status: 'PENDING',
  jobs: [],
  jobCounts: { PENDING: 1, RUNNING: 0, SUCCESSFUL: 0, FAILED: 0, SKIPPED: 0, CANCELED: 0 },
  jobsTruncated: false,
};
const pipeline = { text: '{}', contentType: 'application/json' };
const error = (code: string) => ({ kind: 'Error', code, message: 'A sentence.', details: [], requestId: 'r-1' });
const line = (text: string, offset: number) => ({
  time: '2026-11-21T02:00:00.000Z',
  step: 'main',
  stream: 'stdout',
  text,
  offset,
  nextOffset: offset + text.length + 1,
});
const event = (cursor: string) => ({
  kind: 'run.status',
  cursor,
  time: '2026-11-21T02:00:00.000Z',
  run: 'x',
  status: 'RUNNING',
});

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it did not reject'),
    (reason: unknown) => reason,
  );
}

describe('the client', () => {
  let server: OpenServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('sends a new run again with the same Idempotency-Key when Redis or the connection was away', async () => {
    const keys: unknown[] = [];
    const noting =
      (answer: http.RequestListener): http.RequestListener =>
      (request, response) => {
        keys.push(request.headers['idempotency-key'], request.headers.authorization);
        answer(request, response);
      };
    server = await openServer(
      noting(answerJson(503, error('Unavailable'), { 'Retry-After': '1' })),
      noting((request) => request.socket.destroy()),
      noting(answerJson(202, run)),
    );
    expect((await server.client.createRun(pipeline)).metadata.uid).to.equal('x');
    expect(keys).to.have.length(6);
    expect(new Set(keys).size).to.equal(2);
    expect(keys[1]).to.equal('Bearer secret');
  });

  it('reports once that the server is away, and that it answers again', async () => {
    const away = answerJson(503, error('Unavailable'), { 'Retry-After': '0' });
    server = await openServer(away, (request) => request.socket.destroy(), away, answerJson(200, run));
    const heard: (string | undefined)[] = [];
    server.client.onAway((why) => heard.push(why?.message));
    await server.client.getRun('x');
    expect(heard).to.deep.equal(['A sentence.', undefined]);
  });

  it('returns the error of the server if a retry would not help', async () => {
    server = await openServer(answerJson(404, error('NotFound')));
    const reason = await rejection(server.client.getRun('x'));
    expect(reason).to.be.instanceOf(RequestError);
    expect(reason).to.include({ status: 404, code: 'NotFound', message: 'A sentence.', requestId: 'r-1' });
  });

  it('reports at once that nothing listens', async () => {
    const closed = await openServer(answerJson(200, run));
    await closed.close();
    const reason = await rejection(closed.client.getRun('x'));
    expect(reason).to.be.instanceOf(ConnectionError);
    expect(reason).to.include({ refused: true });
  });

  it('reports an answer that is not from chainr', async () => {
    server = await openServer((_request, response) => response.end('<html>'));
    expect(await rejection(server.client.getRun('x'))).to.be.instanceOf(UnknownAnswer);
  });

  it('continues a log after the last line, with the same attempt', async () => {
    const asked: (string | undefined)[] = [];
    server = await openServer(
      (request, response) => {
        asked.push(request.url);
        response.setHeader('X-Chainr-Attempt', '2');
        answerBroken(line('one', 0), line('two', 10))(request, response);
      },
      (request, response) => {
        asked.push(request.url);
        answerLines(line('three', 20))(request, response);
      },
    );
    const texts: string[] = [];
    for await (const { text } of server.client.readLogLines('x', 'job', { follow: true })) texts.push(text);
    expect(texts).to.deep.equal(['one', 'two', 'three']);
    expect(asked).to.deep.equal([
      '/api/runs/x/jobs/job/logs?follow=true',
      '/api/runs/x/jobs/job/logs?follow=true&attempt=2&offset=14',
    ]);
  });

  it('continues events after the last cursor, whether the stream broke or ended', async () => {
    const asked: (string | undefined)[] = [];
    const noting =
      (answer: http.RequestListener): http.RequestListener =>
      (request, response) => {
        asked.push(new URL(request.url ?? '', 'http://localhost').searchParams.get('after') ?? undefined);
        answer(request, response);
      };
    server = await openServer(
      noting(answerBroken(event('1-0'))),
      noting(answerLines(event('2-0'))),
      noting(answerLines({ kind: 'resync', cursor: '9-0' })),
    );
    const cursors: string[] = [];
    for await (const { cursor } of server.client.followEvents('0-0')) {
      cursors.push(cursor);
      if (cursor === '9-0') break;
    }
    expect(cursors).to.deep.equal(['1-0', '2-0', '9-0']);
    expect(asked).to.deep.equal(['0-0', '1-0', '2-0']);
  });

  it('stops following on request', async () => {
    server = await openServer((_request, response) => response.write(`${JSON.stringify(event('1-0'))}\n`));
    const stop = new AbortController();
    const reason = await rejection(
      (async () => {
        for await (const { cursor } of server.client.followEvents('0-0', stop.signal)) if (cursor) stop.abort();
      })(),
    );
    expect(reason).to.equal(stop.signal.reason);
  });

  it('gives up when the time for trying again is over', async () => {
    server = await openServer(answerJson(503, error('Unavailable')));
    const impatient = new Client({ baseUrl: server.url, retry: { forMs: 0, pauseMs: 1, maxPauseMs: 1 } });
    expect(await rejection(impatient.getRun('x'))).to.include({ status: 503 });
  });

  it('reaches a server on a unix socket', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'chainr-client-'));
    const onSocket = http.createServer(answerJson(200, run));
    const socketPath = path.join(folder, 'api.sock');
    await new Promise<void>((resolve) => onSocket.listen(socketPath, resolve));
    try {
      expect((await socketClient(socketPath).getRun('x')).status).to.equal('PENDING');
      expect(await rejection(socketClient(path.join(folder, 'none.sock')).getRun('x'))).to.include({ refused: true });
    } finally {
      onSocket.closeAllConnections();
      await new Promise((resolve) => onSocket.close(resolve));
      await rm(folder, { recursive: true });
    }
  });
});
