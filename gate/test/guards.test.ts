import { expect } from 'chai';
import { readConfig } from '../src/config.js';
import { createService } from '../src/service.js';
import { openGate, type OpenGate } from './open-gate.js';

const json = { 'content-type': 'application/json' };

describe('gate without a token', () => {
  let gate: OpenGate;

  beforeEach(async () => {
    gate = await openGate();
  });

  afterEach(() => gate.close());

  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:99', '[::1]', '[::1]:8080', 'LOCALHOST']) {
    it(`answers under ${host}`, async () => {
      expect((await gate.ask('/api/runs', { headers: { host } })).status).to.equal(200);
    });
  }

  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '192.168.0.7',
    'localhost:x',
  ]) {
    it(`refuses the host ${JSON.stringify(host)}, on every path`, async () => {
      for (const path of ['/api/runs', '/', '/healthz']) {
        const answer = await gate.ask(path, { headers: { host } });
        expect([answer.status, answer.json]).to.deep.include(403);
        expect(answer.json).to.include({ kind: 'Error', code: 'Forbidden' });
      }
    });
  }

  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost:3000',
    'http://localhost.evil.example',
    'nonsense',
  ]) {
    it(`refuses requests from pages of the origin ${origin}`, async () => {
      const headers = { host: 'localhost:8080', origin, ...json };
      expect((await gate.ask('/api/runs', { method: 'POST', headers }, '{}')).status).to.equal(403);
      expect((await gate.ask('/api/runs', { headers })).status).to.equal(403);
    });
  }

  it('passes a DELETE without body and type, but not from a foreign page', async () => {
    const options = { method: 'DELETE', headers: { host: 'localhost:8080' } };
    const answer = await gate.ask('/api/runs?status=FAILED&dryRun=true', options);
    expect(answer.json).to.include({ name: 'sched', method: 'DELETE', url: '/api/runs?status=FAILED&dryRun=true' });
    const foreign = { ...options, headers: { ...options.headers, origin: 'https://evil.example' } };
    expect((await gate.ask('/api/runs/x', foreign)).status).to.equal(403);
    const preflight = { method: 'OPTIONS', headers: foreign.headers };
    expect((await gate.ask('/api/runs/x', preflight)).status, 'the question whether it may').to.equal(403);
  });

  it('accepts a POST with a type and no body', async () => {
    expect((await gate.ask('/api/runs/x/cancel', { method: 'POST', headers: json })).status).to.equal(200);
  });

  it('accepts requests of its own page', async () => {
    const headers = { host: 'localhost:8080', origin: 'http://localhost:8080', ...json };
    expect((await gate.ask('/api/runs', { method: 'POST', headers }, '{}')).status).to.equal(200);
  });

  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
    it(`refuses a POST of type ${JSON.stringify(type)}, which a foreign page could send`, async () => {
      const answer = await gate.ask(
        '/api/runs',
        { method: 'POST', headers: type ? { 'content-type': type } : {} },
        'x',
      );
      expect(answer.status).to.equal(415);
      expect(answer.json).to.include({ kind: 'Error', code: 'UnsupportedMediaType' });
    });
  }

  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/yaml', 'text/yaml']) {
    it(`accepts a POST of type ${type}`, async () => {
      expect(
        (await gate.ask('/api/runs', { method: 'POST', headers: { 'content-type': type } }, '{}')).status,
      ).to.equal(200);
    });
  }

  const sentence = (answer: { status: number; json: unknown }) => [
    answer.status,
    (answer.json as { message: string }).message,
  ];

  it('says which type a POST needs, and how it is sent', async () => {
    expect(sentence(await gate.ask('/api/runs/x/cancel', { method: 'POST' }))).to.deep.equal([
      415,
      'The request has no content type: send the header "Content-Type: application/json", even if the body is empty.',
    ]);
    const headers = { 'content-type': 'application/yaml' };
    expect((await gate.ask('/api/runs/x/rerun', { method: 'POST', headers }, 'from: all')).status).to.equal(415);
    expect(
      sentence(await gate.ask('/api/runs', { method: 'POST', headers: { 'content-type': 'text/plain' } })),
    ).to.deep.equal([
      415,
      'The content type is "text/plain": send the pipeline with a header such as "Content-Type: application/yaml"; supported types are application/json, application/yaml, application/x-yaml, text/yaml, text/x-yaml.',
    ]);
  });

  it('reports an unknown method or address before the type', async () => {
    for (const method of ['PUT', 'PATCH']) {
      const answer = await gate.ask('/api/runs', { method });
      expect(sentence(answer)).to.deep.equal([
        405,
        `Method ${method} not allowed; use POST, GET, HEAD, DELETE, OPTIONS.`,
      ]);
      expect(answer.headers['allow']).to.equal('POST, GET, HEAD, DELETE, OPTIONS');
    }
    expect((await gate.ask('/api/events', { method: 'POST' })).headers['allow']).to.equal('GET, HEAD, OPTIONS');
    expect(sentence(await gate.ask('/api/foo?x', { method: 'POST' }))).to.deep.equal([
      404,
      'There is nothing at /api/foo.',
    ]);
  });

  it('checks the type in every spelling of an address', async () => {
    const post = async (path: string) =>
      (await gate.ask(path, { method: 'POST', headers: { 'content-type': 'text/plain' } }, '{}')).status;
    for (const path of ['/api/runs/', '/api/RUNS', '/api/runs/x/cancel/', '/api/runs?x'])
      expect(await post(path), path).to.equal(415);
    for (const path of ['/api//runs', '/api/runs/%78/cancel', '/api/./runs'])
      expect(await post(path), path).to.equal(400);
  });

  it('tells sched that the caller is on this machine, whatever the caller says', async () => {
    const answer = await gate.ask('/api/runs', {
      headers: { 'X-Chainr-Caller': 'somebody', 'X-Forwarded-For': '1.2.3.4' },
    });
    expect(answer.json).to.have.nested.property('headers.x-chainr-caller', 'loopback');
    expect(answer.json).to.not.have.nested.property('headers.x-forwarded-for');
  });

  it('refuses to listen beyond this machine, and says what to do', () => {
    const message =
      /^Listening on http:\/\/.* would let everyone on the network run commands on this machine: set CHAINR_TOKEN, or listen on 127\.0\.0\.1\.$/;
    for (const listen of ['0.0.0.0:8080', ':8080', '[::]:8080', '10.0.0.7:80']) {
      expect(() => createService(readConfig({ CHAINR_LISTEN: listen }))).to.throw(message);
    }
  });
});

describe('gate with a token', () => {
  const token = 'correct-horse-battery-staple';
  let gate: OpenGate;

  beforeEach(async () => {
    gate = await openGate({ token, listen: { host: '0.0.0.0', port: 0 } });
  });

  afterEach(() => gate.close());

  it('answers API requests only with the token', async () => {
    const bare = await gate.ask('/api/runs');
    expect(bare.status).to.equal(401);
    expect(bare.headers['www-authenticate']).to.equal('Bearer realm="chainr"');
    expect(bare.json).to.include({ kind: 'Error', code: 'Unauthorized' });
    for (const authorization of ['Bearer wrong', `Bearer ${token}x`, `Basic ${token}`, token, 'Bearer ']) {
      expect((await gate.ask('/api/runs', { headers: { authorization } })).status).to.equal(401);
    }
    expect((await gate.ask('/api/events', {})).status).to.equal(401);
    expect((await gate.ask('/api/runs', { headers: { authorization: `bearer ${token}` } })).status).to.equal(200);
  });

  it('does not pass on the token, and gives sched a name for the caller that does not show it', async () => {
    const { json: seen } = await gate.ask('/api/runs', { headers: { authorization: `Bearer ${token}` } });
    expect(seen)
      .to.have.nested.property('headers.x-chainr-caller')
      .that.matches(/^[0-9a-f]{16}$/);
    expect(JSON.stringify([seen, gate.logLines])).to.not.include(token);
  });

  it('warns once at the start about a token that can be guessed', async () => {
    expect(gate.logLines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
    const other = await openGate({ token: 'short' });
    const warnings = other.logLines.filter(({ level }) => level === 'warn');
    await other.close();
    expect(warnings.map(({ msg }) => msg)).to.deep.equal([
      'CHAINR_TOKEN is easy to guess: use at least 16 random characters',
    ]);
  });

  it('serves pages and health checks without it', async () => {
    expect((await gate.ask('/')).json).to.include({ name: 'ui' });
    expect((await gate.ask('/healthz')).status).to.equal(200);
  });

  it('answers for any host, but not to pages of another origin', async () => {
    const headers = { host: 'chainr.example', authorization: `Bearer ${token}` };
    expect((await gate.ask('/api/runs', { headers })).status).to.equal(200);
    expect(
      (await gate.ask('/api/runs', { headers: { ...headers, origin: 'https://chainr.example' } })).status,
    ).to.equal(200);
    expect((await gate.ask('/api/runs', { headers: { ...headers, origin: 'https://evil.example' } })).status).to.equal(
      403,
    );
  });
});

describe('the settings of gate', () => {
  it('listen on 127.0.0.1:8080 by default, on PORT, or on CHAINR_LISTEN', () => {
    expect(readConfig({}).listen).to.deep.equal({ host: '127.0.0.1', port: 8080 });
    expect(readConfig({ PORT: '9000' }).listen).to.deep.equal({ host: '127.0.0.1', port: 9000 });
    expect(readConfig({ PORT: '9000', CHAINR_LISTEN: 'unix:/x' }).listen).to.deep.equal({ socketPath: '/x' });
  });

  it('are refused all at once', () => {
    expect(() => readConfig({ PORT: 'x', CHAINR_SCHED_URL: 'sched', CHAINR_TOKEN: 'a b' })).to.throw(
      /PORT must be.*\nCHAINR_TOKEN must be printable.*\nCHAINR_SCHED_URL must be/,
    );
  });
});
