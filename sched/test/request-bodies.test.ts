import { expect } from 'chai';
import { errorBodySchema, type ErrorBody } from '@chainr/core/api/contract/errors';
import { namesBodyBytes, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { openSched, type OpenSched } from './open-sched.js';

describe('the bodies of requests that send no pipeline', () => {
  let sched: OpenSched;
  let uid: string;

  before(async () => {
    sched = await openSched();
    uid = await sched.create({ a: { image: 'busybox', run: 'exit 0' } });
  });
  after(() => sched.close());

  const send = async (path: string, body: string | Uint8Array): Promise<{ status: number; text: string }> => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(sched.url + path, { method: 'POST', headers, body });
    return { status: response.status, text: await response.text() };
  };
  const errorOf = (text: string): ErrorBody => errorBodySchema.parse(JSON.parse(text));
  const keys = (count: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${String(index)}`, 0])));

  const withoutFields = [
    '/api/admin/pause',
    '/api/admin/resume',
    '/api/admin/workers/w/drain',
    '/api/runs/cancel?all=true&dryRun=true',
  ];
  const ofTheRun = ['cancel', 'jobs/a/retry'];
  const small = (): string[] => [
    ...withoutFields,
    ...ofTheRun.map((verb) => `/api/runs/${uid}/${verb}`),
    '/api/runs/rerun?all=true&dryRun=true',
  ];

  it('are refused when they are larger than they need to be', async () => {
    for (const path of small()) {
      const { status, text } = await send(path, keys(600_000));
      expect([status, errorOf(text).message], path).to.deep.equal([413, 'The body is larger than 4096 bytes (4 KiB).']);
    }
    const { status, text } = await send(`/api/runs/${uid}/rerun`, keys(600_000));
    expect([status, errorOf(text).message]).to.deep.equal([
      413,
      `The body is larger than ${String(namesBodyBytes)} bytes (1 MiB).`,
    ]);
  });

  it('get a short answer that names the first mistakes', async () => {
    for (const path of small()) {
      const { status, text } = await send(path, keys(400));
      expect(status, path).to.equal(400);
      const { details, message } = errorOf(text);
      expect(details).to.have.length(101);
      expect(details[0]).to.deep.equal({ path: 'k0', message: 'unknown field "k0"' });
      expect(message).to.equal('Invalid request body: k0: unknown field "k0"');
      expect(details[100]).to.deep.equal({ path: '', message: 'and 300 more', more: 300 });
    }
    expect(keys(400).length).to.be.lessThan(smallBodyBytes);
  });

  it('say what they must be', async () => {
    const cases: Record<string, string> = {
      '{"from":"none"}': 'must be "failed", "all" or a list of up to 10000 names of jobs',
      '{"from":1}': 'must be "failed", "all" or a list of up to 10000 names of jobs',
      '{"from":[]}': 'must not be empty',
      '{"from":["a",1]}': 'must be text, but is the number 1; write it in quotes',
      [JSON.stringify({ from: Array(10_001).fill('a') })]: 'must have at most 10000 entries',
      '[]': 'must be a map, but is a list',
      '"x"': 'must be a map, but is the text "x"',
      '{"form":"all"}': 'unknown field "form"',
    };
    for (const [body, message] of Object.entries(cases)) {
      const { status, text } = await send(`/api/runs/${uid}/rerun`, body);
      expect([status, errorOf(text).details[0]?.message], body.slice(0, 50)).to.deep.equal([400, message]);
    }
  });

  it('name the first 100 jobs that the run does not have, whatever their number', async () => {
    const from = Array.from({ length: 10_000 }, (_, index) => `none-${String(index)}`);
    const { status, text } = await send(`/api/runs/${uid}/rerun`, JSON.stringify({ from }));
    expect(status).to.equal(400);
    const { details } = errorOf(text);
    expect(details).to.have.length(101);
    expect(details[0]).to.deep.equal({ path: 'from[0]', message: 'the run has no job "none-0"' });
    expect(details[100]).to.deep.equal({ path: '', message: 'and 9900 more', more: 9900 });
  });

  it('are refused when they are not UTF-8', async () => {
    const { status, text } = await send('/api/admin/pause', Uint8Array.from([0x7b, 0xff, 0x7d]));
    expect([status, errorOf(text).message]).to.deep.equal([400, 'The body is not valid UTF-8.']);
  });

  it('may be empty', async () => {
    expect((await send('/api/runs/cancel?all=true&dryRun=true', '')).status).to.equal(200);
    expect((await send('/api/runs/cancel?all=true&dryRun=true', ' {} ')).status).to.equal(200);
  });
});
