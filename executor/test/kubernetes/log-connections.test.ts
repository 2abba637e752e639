import { createServer as createHttp1Server, type Server as Http1Server } from 'node:https';
import http2, { type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { expect } from 'chai';
import { makeCertificate, type Certificate } from '@chainr/testkit/kubernetes/api/make-certificate';
import { untilFound } from '@chainr/testkit/until-found';
import { ApiClient, type AnswerStream } from '../../src/kubernetes/api/api-client.js';
import { NoAnswer } from '../../src/kubernetes/api/api-error.js';
import type { Tls } from '../../src/kubernetes/api/credentials.js';
import { gatherParts } from '../../src/kubernetes/output/gather-parts.js';

const path = '/api/v1/namespaces/default/pods/a/log';

describe('connections of logs', () => {
  let certificate: Certificate;
  let server: Http2SecureServer;
  let tls: Tls;
  let tokens: string[];
  let client: ApiClient;
  let sessions: ServerHttp2Session[];
  let sockets: Set<Socket>;
  let streams: ServerHttp2Stream[];
  let onStream: (stream: ServerHttp2Stream, token: string, query: string) => void;

  before(async () => {
    certificate = await makeCertificate();
  });

  beforeEach(async () => {
    [sessions, streams, sockets] = [[], [], new Set()];
    tls = { ca: certificate.cert };
    tokens = ['token'];
    onStream = (stream) => begin(stream);
    server = http2.createSecureServer({ ...certificate, allowHTTP1: true });
    server.on('session', (session) => sessions.push(session));
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('stream', (stream, { ':path': asked = '', authorization = '' }) => {
      streams.push(stream);
      stream.on('error', () => undefined);
      onStream(stream, authorization, asked);
    });
    await listen(server);
    client = clientOf(server);
  });

  afterEach(async () => {
    client.close();
    await end(server, sockets);
  });

  const listen = (each: Server): Promise<void> =>
    new Promise((resolve) => {
      each.listen(0, '127.0.0.1', resolve);
    });
  const end = (each: Server, its: Iterable<Socket>): Promise<unknown> => {
    for (const socket of its) socket.destroy();
    return new Promise((resolve) => each.close(resolve));
  };
  const clientOf = (each: Server, answerMs = 5_000): ApiClient =>
    new ApiClient(
      {
        server: new URL(`https://127.0.0.1:${(each.address() as AddressInfo).port}`),
        namespace: 'default',
        source: 'a test',
        access: async () => ({ headers: { authorization: `Bearer ${tokens[0] ?? ''}` }, tls }),
        forget: () => void tokens.shift(),
      },
      { answerMs },
    );
  const begin = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200 });
    stream.write('first\n');
  };
  const openLog = (signal = new AbortController().signal): Promise<AnswerStream> =>
    client.openLog(path, { follow: true }, signal);
  const errorOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(() => expect.fail('there was no error'), (error: unknown) => error); // prettier-ignore
  async function readAll(stream: AnswerStream): Promise<string> {
    let text = '';
    for await (const part of gatherParts(stream)) text += part.toString();
    return text;
  }
  async function openMany(count: number): Promise<AnswerStream[]> {
    return Promise.all(Array.from({ length: count }, () => openLog()));
  }

  it('are shared by a hundred logs each', async () => {
    const opened = await openMany(250);
    expect(streams).to.have.length(250);
    expect(sockets.size).to.equal(3);
    for (const stream of streams) stream.end('last\n');
    expect(new Set(await Promise.all(opened.map(readAll)))).to.deep.equal(new Set(['first\nlast\n']));
    await openMany(250);
    expect(sockets.size).to.equal(3);
  });

  it('carry the query and the token', async () => {
    const seen: string[] = [];
    onStream = (stream, token, asked) => {
      seen.push(token, asked);
      begin(stream);
    };
    await openLog();
    expect(seen).to.deep.equal(['Bearer token', `${path}?follow=true`]);
  });

  it('lose nothing of a log whose reader is slower than its writer, nor hold up another one', async () => {
    const line = `${'x'.repeat(999)}\n`;
    onStream = (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(line.repeat(2_000));
    };
    const slow = await openLog();
    const others = await Promise.all([openLog(), openLog()]);
    for (const each of others) expect((await readAll(each)).length).to.equal(2_000_000);
    expect((await readAll(slow)) === line.repeat(2_000)).to.equal(true);
    expect(sockets.size).to.equal(1);
  });

  it('are those of HTTP/1.1 where the server, or a proxy before it, does not know HTTP/2', async () => {
    const old: Http1Server = createHttp1Server(certificate, (_request, response) => response.end('old\n'));
    const its = new Set<Socket>();
    old.on('connection', (socket: Socket) => its.add(socket));
    await listen(old);
    client.close();
    client = clientOf(old);
    const opened = await openMany(3);
    expect(await Promise.all(opened.map(readAll))).to.deep.equal(['old\n', 'old\n', 'old\n']);
    await end(old, its);
  });

  it('give the words of a refusal, and the time to wait', async () => {
    onStream = (stream) => {
      stream.respond({ ':status': 429, 'retry-after': '7' });
      stream.end('{"message":"too many","reason":"TooManyRequests"}');
    };
    expect(await errorOf(openLog())).to.include({ status: 429, message: 'too many', retryAfterMs: 7_000 });
  });

  it('ask again once with new credentials', async () => {
    tokens = ['old', 'new'];
    onStream = (stream, token) => {
      if (token === 'Bearer new') begin(stream);
      else stream.respond({ ':status': 401 }, { endStream: true });
    };
    await openLog();
    expect(streams).to.have.length(2);
  });

  const breaks: Record<string, () => void> = {
    'the server resets it': () => streams[0]?.destroy(new Error('broken')),
    'the server ends its connections': () => sessions[0]?.destroy(),
    'its connection is cut': () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  for (const [what, act] of Object.entries(breaks)) {
    it(`fail a log that is broken off, as no end in order, when ${what}; the next one opens`, async () => {
      const reading = errorOf(readAll(await openLog()));
      act();
      expect(await reading).to.be.instanceOf(Error);
      expect(await openLog()).to.have.property('destroyed', false);
    });
  }

  it('fail without an answer when the server closes them before it answers', async () => {
    onStream = () => sessions[0]?.destroy();
    expect(await errorOf(openLog())).to.be.instanceOf(NoAnswer);
  });

  it('fail without an answer when none comes', async () => {
    client.close();
    client = clientOf(server, 300);
    onStream = () => undefined;
    expect(await errorOf(openLog())).to.be.instanceOf(NoAnswer);
  });

  it('fail, with a request that was never sent, where nobody listens', async () => {
    const nobody = http2.createSecureServer(certificate);
    await listen(nobody);
    client.close();
    client = clientOf(nobody);
    await end(nobody, []);
    const errors = await Promise.all([errorOf(openLog()), errorOf(openLog())]);
    for (const error of errors) expect(error).to.be.instanceOf(NoAnswer).and.to.have.property('isUnsent', true);
  });

  it('fail where the certificate is not trusted', async () => {
    tls = {};
    expect(String(await errorOf(openLog()))).to.match(/self-signed certificate/);
  });

  it('let logs go on when the server shuts down in order, and take no more', async () => {
    const first = await openLog();
    sessions[0]?.goaway(http2.constants.NGHTTP2_NO_ERROR);
    // What is asked for before the client knows of it is refused.
    await untilFound('a log on another connection', async () => {
      const error = await openLog().then((stream) => void stream.destroy(), (refused: unknown) => refused); // prettier-ignore
      if (error) expect(error).to.be.instanceOf(NoAnswer);
      return sessions.length > 1;
    });
    streams[0]?.end('last\n');
    expect(await readAll(first)).to.equal('first\nlast\n');
  });

  it('let logs go on when the certificates are replaced', async () => {
    const first = await openLog();
    tls = { ...tls };
    await openLog();
    expect(sessions).to.have.length(2);
    streams[0]?.end('last\n');
    expect(await readAll(first)).to.equal('first\nlast\n');
  });

  it('let a log be left, by its signal or by its reader, and the others go on', async () => {
    const over = new AbortController();
    const [left, destroyed, stays] = await Promise.all([openLog(over.signal), openLog(), openLog()]);
    over.abort();
    destroyed.destroy();
    await untilFound('the end of two logs', () => streams.filter((each) => each.destroyed).length === 2);
    expect(left.destroyed).to.equal(true);
    for (const stream of streams) if (!stream.destroyed) stream.end('last\n');
    expect(await readAll(stays)).to.equal('first\nlast\n');
  });
});
