import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { ApiClient } from '../../src/kubernetes/api/api-client.js';
import { ApiError, NoAnswer } from '../../src/kubernetes/api/api-error.js';
import type { Credentials } from '../../src/kubernetes/api/credentials.js';

const path = '/api/v1/namespaces/default/pods';

describe('the client of the Kubernetes API', () => {
  let server: Server;
  let answer: RequestListener;
  let seen: IncomingMessage[];
  let tokens: string[];
  let client: ApiClient;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    seen = [];
    tokens = ['first'];
    answer = ok;
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    });
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new ApiClient(credentialsOf(), { answerMs: 400 });
  });

  afterEach(async () => {
    client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Each `forget` goes on to the next token, if there is one. */
  function credentialsOf(): Credentials {
    const { port } = server.address() as AddressInfo;
    const tls = {};
    return {
      server: new URL(`http://127.0.0.1:${port}`),
      namespace: 'default',
      source: 'a test',
      access: async () => ({ headers: { authorization: `Bearer ${tokens[0] ?? ''}` }, tls }),
      forget: () => {
        if (tokens.length > 1) tokens.shift();
      },
    };
  }

  const ok = (_request: IncomingMessage, response: ServerResponse): void => {
    response.end(JSON.stringify({ metadata: { name: 'found' } }));
  };
  const status = (response: ServerResponse, code: number, body: string, headers = {}): void => {
    response.writeHead(code, headers).end(body);
  };
  const errorOf = async (call: Promise<unknown>): Promise<unknown> =>
    call.then(() => expect.fail('it was answered'), (error: unknown) => error); // prettier-ignore

  it('reads the credentials again once when they are not accepted', async () => {
    tokens = ['old', 'new'];
    answer = (request, response) => {
      if (request.headers.authorization === 'Bearer new') ok(request, response);
      else status(response, 401, '{"message":"Unauthorized"}');
    };
    await client.call('GET', path);
    expect(seen.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer old', 'Bearer new']);
  });

  it('does not ask a third time', async () => {
    answer = (_request, response) => status(response, 401, '{"message":"Unauthorized"}');
    expect(await errorOf(client.call('GET', path))).to.include({ status: 401, message: 'Unauthorized' });
    expect(seen).to.have.length(2);
  });

  it('gives the words of a refusal, of the API server or of a proxy in between', async () => {
    answer = (_request, response) => status(response, 409, '{"kind":"Status","reason":"AlreadyExists","message":"pods \\"a\\" already exists"}'); // prettier-ignore
    expect(await errorOf(client.call('POST', path, { body: {} }))).to.include({
      status: 409,
      reason: 'AlreadyExists',
      message: 'pods "a" already exists',
    });
    answer = (_request, response) => status(response, 502, '<html>Bad Gateway</html>\n');
    expect(await errorOf(client.call('GET', path))).to.include({
      status: 502,
      reason: '',
      message: '<html>Bad Gateway</html>',
    });
    answer = (_request, response) => status(response, 418, '');
    expect(await errorOf(client.call('GET', path))).to.include({ message: 'the API server answered 418' });
  });

  it('gives the time to wait that the API server asks for', async () => {
    answer = (_request, response) => status(response, 429, '{"message":"too many"}', { 'retry-after': '7' });
    expect(await errorOf(client.call('GET', path))).to.include({ status: 429, retryAfterMs: 7_000 });
  });

  const silences: Record<string, (response: ServerResponse) => void> = {
    'is never answered': () => undefined,
    'is answered in part': (response) => response.writeHead(200, { 'content-length': 100 }).write('{"metadata"'),
    'is refused in part': (response) => response.writeHead(500, { 'content-length': 100 }).write('{"message"'),
    'has an answer that ends early': (response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy());
    },
    'meets a closed connection': (response) => response.destroy(),
  };
  for (const [what, act] of Object.entries(silences)) {
    it(`fails without an answer when it ${what}, and others go on`, async () => {
      answer = (_request, response) => { act(response); }; // prettier-ignore
      const error = await errorOf(client.call('GET', path));
      expect(error).to.be.instanceOf(NoAnswer);
      expect((error as NoAnswer).isUnsent).to.equal(false);
      answer = ok;
      expect(await client.call('GET', path)).to.deep.equal({ metadata: { name: 'found' } });
    });
  }

  it('says that a request was never sent when there is no connection', async () => {
    const away = credentialsOf();
    await new Promise((resolve) => server.close(resolve));
    const alone = new ApiClient(away);
    const error = await errorOf(alone.call('POST', path, { body: {} }));
    alone.close();
    expect(error).to.be.instanceOf(NoAnswer);
    expect((error as NoAnswer).isUnsent).to.equal(true);
    expect(String(error)).to.contain('ECONNREFUSED');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  it('asks the guard when a request is sent, not when it begins to wait', async () => {
    answer = (_request, response) => status(response, 429, '{"message":"too many"}', { 'retry-after': '0.2' });
    await errorOf(client.call('GET', path));
    answer = ok;
    let isHeld = true;
    const guard = (): void => {
      if (!isHeld) throw new Error('the lease is lost');
    };
    const waiting = errorOf(client.call('POST', path, { body: {}, guard }));
    isHeld = false;
    expect(String(await waiting)).to.contain('the lease is lost');
    expect(seen.map(({ method }) => method)).to.deep.equal(['GET']);
  });

  it('leaves a request or a stream when it is told to', async () => {
    answer = (_request, response) => response.writeHead(200).write('a line\n');
    const [left, over] = [new AbortController(), new AbortController()];
    const call = errorOf(client.call('GET', path, { signal: left.signal }));
    const stream = await client.open(path, { watch: true }, over.signal);
    await untilFound('both requests', () => seen.length === 2);
    left.abort();
    expect(await call)
      .not.to.be.instanceOf(NoAnswer)
      .and.not.to.be.instanceOf(ApiError);
    const ended = new Promise((resolve) => stream.on('close', resolve));
    stream.on('error', () => undefined).resume();
    over.abort();
    await ended;
  });

  const logRequests: Record<string, (left: AbortSignal) => Promise<unknown>> = {
    'to open a log': (left) => client.openLog(`${path}/a/log`, {}, left),
    'for the end of a log': () => client.text(`${path}/a/log`, {}),
  };
  for (const [what, ask] of Object.entries(logRequests)) {
    it(`answers calls while the node answers no request ${what}`, async () => {
      client.close();
      client = new ApiClient(credentialsOf());
      answer = (request, response) => {
        if (request.url === path) ok(request, response);
      };
      const left = Array.from({ length: 32 }, () => new AbortController());
      const asked = left.map(({ signal }) => errorOf(ask(signal)));
      await untilFound('requests for logs', () => seen.length === asked.length);
      await Promise.all(Array.from({ length: 100 }, () => client.call('GET', path)));
      for (const each of left) each.abort();
      client.close();
      await Promise.all(asked);
    });
  }

  it('sends calls while it must wait before it asks for a log again', async () => {
    answer = (_request, response) => status(response, 429, '{"message":"too many"}', { 'retry-after': '3600' });
    await errorOf(client.text(`${path}/a/log`, {}));
    answer = ok;
    expect(await client.call('GET', path)).to.deep.equal({ metadata: { name: 'found' } });
    expect(seen).to.have.length(2);
  });

  it('lets streams be silent', async () => {
    answer = (_request, response) => {
      response.writeHead(200).flushHeaders();
      setTimeout(() => response.end('late\n'), 1_000);
    };
    const stream = await client.open(path, { watch: true }, new AbortController().signal);
    let text = '';
    for await (const part of stream) text += String(part);
    expect(text).to.equal('late\n');
  });
});
