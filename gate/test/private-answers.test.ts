import net from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { Health } from '@chainr/core/service/health';
import { healthApp } from '@chainr/core/service/health-app';
import { createLogger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import { openGate, type OpenGate } from './open-gate.js';

/** A text in the metrics of every service. */
const ofMetrics = /# HELP|chainr_http|process_cpu|nodejs_/;

const words = ['metrics', 'METRICS', 'Metrics', 'healthz', 'api', 'API', 'runs', 'events', 'x', '%6detrics', 'a%70i'];
const joints = [
  '/',
  '//',
  '///',
  '\\',
  '/\\',
  '%2f',
  '%2F',
  '%5c',
  '/./',
  '/../',
  '/%2e/',
  '/.%2e/',
  '/%2e%2e/',
  ';',
  '/;',
];
const ends = [
  '',
  '/',
  '//',
  '.',
  '/.',
  '/..',
  '?',
  '?x=/metrics',
  '#',
  '#x',
  '%00',
  '%',
  '%zz',
  '%20',
  ' ',
  '\t',
  '@',
  ':',
  '%ff',
  'ä',
];
const begins = ['', 'http://localhost', 'http://metrics', 'http:', '//localhost', '*', 'x', '%2f', '.'];

const targets = fc
  .tuple(
    fc.constantFrom(...begins),
    fc.array(fc.tuple(fc.constantFrom(...joints), fc.constantFrom(...words)), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...ends),
  )
  .map(([begin, parts, end]) => begin + parts.flat().join('') + end);

describe('the part of gate that requires the token', () => {
  let gate: OpenGate;
  let asked: string[];

  before(async () => {
    gate = await openGate({ token: 'correct-horse-battery-staple' });
  });

  beforeEach(() => {
    asked = [];
    const quiet = createLogger('test', 'silent');
    gate.handlers.ui = healthApp(new Health(new Metrics('ui'), {}, quiet), quiet);
    for (const name of ['sched', 'notif'] as const) {
      const app = healthApp(new Health(new Metrics(name), {}, quiet), quiet);
      gate.handlers[name] = (request, response) => {
        asked.push(`${name} ${request.url ?? ''}`);
        app(request, response);
      };
    }
  });

  after(() => gate.close());

  /** Sends the target unchanged, which no client library would do. */
  async function ask(method: string, target: string, headers = ''): Promise<string> {
    const socket = net.connect(gate.port, '127.0.0.1');
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`);
    return ((await socket.toArray()) as Buffer[]).join('');
  }

  const listed = [
    '//metrics',
    '/\\metrics',
    '///METRICS',
    '/%2fmetrics',
    '/./metrics',
    '/x/../metrics',
    '/%2e/metrics',
    '/x/%2e%2e/metrics',
    '/%5cmetrics',
    '/metrics#',
    '/metrics/',
    '/METRICS',
    '/m%65trics',
    'http://localhost/metrics',
    'http://localhost//metrics',
    'http://localhost/api/runs',
    '//api/runs',
    '/api/../api/runs',
    '/./api/events',
  ];
  for (const target of listed)
    it(`is not answered without it: ${target}`, async () => {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
        const answer = await ask(method, target, 'Content-Type: application/json\r\n');
        expect(answer).to.match(/^HTTP\/1.1 40[01] /);
        expect(answer).to.not.match(ofMetrics);
      }
      expect(asked).to.deep.equal([]);
    });

  it('is not answered without it, in any spelling of the address', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST'), targets, async (method, target) => {
        const answer = await ask(method, target, 'Content-Type: application/json\r\n');
        expect(answer).to.match(/^HTTP\/1.1 [234]\d\d /);
        expect(answer).to.not.match(ofMetrics);
        expect(asked).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is answered with it, at the requested address', async () => {
    const headers = 'Authorization: Bearer correct-horse-battery-staple\r\n';
    expect(await ask('GET', '/metrics', headers)).to.include('service="gate"');
    expect(await ask('GET', '/METRICS/', headers)).to.include('service="gate"');
    await ask('GET', '/api/runs/x?label=%2F#', headers);
    await ask('GET', '/api/runs/x?label=%2F', headers);
    expect(asked).to.deep.equal(['sched /api/runs/x?label=%2F']);
  });

  it('is refused with a normal error if it is not normalized', async () => {
    const answer = await gate.ask('//metrics');
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).to.deep.equal([
      400,
      'application/json; charset=utf-8',
      'no-store',
    ]);
    expect(answer.json).to.include({ kind: 'Error', code: 'BadRequest' });
  });
});
