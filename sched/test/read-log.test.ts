import { expect } from 'chai';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { logLineSchema } from '@chainr/core/api/contract/job-resource';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const ndjson = { Accept: 'application/x-ndjson' };

describe('reading logs', () => {
  let sched: OpenSched;

  before(async () => {
    sched = await openSched();
  });

  after(() => sched.close());

  const logs = (uid: string, query = '', headers: Record<string, string> = {}) =>
    sched.get(`/api/runs/${uid}/jobs/only/logs${query}`, headers);
  const where = (response: Response) => [
    response.headers.get('x-chainr-next-offset'),
    response.headers.get('x-chainr-log-ended'),
  ];
  /** The number of answers that sched has counted before this request. */
  const answers = async (): Promise<number> => {
    const text = await (await sched.get('/metrics')).text();
    return Number(/^chainr_http_answers_total\{[^}]*class="2xx"[^}]*\} (\d+)$/m.exec(text)?.[1]);
  };
  const start = async () => {
    const uid = await sched.create({ only: job });
    return { uid, lease: await sched.worker.claim(uid, 0) };
  };

  it('answers with text as it was written, a missing last newline kept', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [
      { text: 'one' },
      { text: 'zwei ✓', stream: 'stderr' },
      { text: 'end', newline: false },
    ]);
    const response = await logs(uid);
    expect(response.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
    expect(await response.text()).to.equal('one\nzwei ✓\nend');
    expect(where(response)[1]).to.equal('false');
    expect(response.headers.get('x-chainr-attempt')).to.equal('1');
  });

  it('begins a line with what another step writes after a line without newline', async () => {
    const uid = await sched.create({ only: { steps: ['first', 'second'].map((name) => ({ ...job, name })) } });
    const lease = await sched.worker.claim(uid, 0);
    const part = { step: 'first', newline: false };
    await sched.worker.log(lease, [
      { text: 'a long ', ...part },
      { text: 'line', ...part },
    ]);
    await sched.worker.log(lease, [{ text: 'two', step: 'second', newline: false }], true);
    expect(await (await logs(uid)).text()).to.equal('a long line\ntwo');
    expect(await (await logs(uid, '?follow=true')).text()).to.equal('a long line\ntwo');
  });

  it('goes on at the offset that it named, and says when nothing more will come', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'one' }]);
    const [offset] = where(await logs(uid));
    await sched.worker.log(lease, [{ text: 'two' }], true);
    const rest = await logs(uid, `?offset=${String(offset)}`);
    expect(await rest.text()).to.equal('two\n');
    const [end, ended] = where(rest);
    expect(ended).to.equal('true');
    const nothing = await logs(uid, `?offset=${String(end)}`);
    expect([await nothing.text(), ...where(nothing)]).to.deep.equal(['', end, 'true']);
  });

  it('has the lines of a service under its name, which selects them like those of a step', async () => {
    const services = [{ name: 'db', image: 'postgres' }];
    const uid = await sched.create({ only: { ...job, services } });
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.log(
      lease,
      [{ step: 'db', text: 'open' }, { text: 'tested' }, { step: 'db', text: 'closed' }],
      true,
    );
    await sched.worker.finish(lease);
    expect(await (await logs(uid, '?step=db')).text()).to.equal('open\nclosed\n');
    expect(await (await logs(uid, '?step=main')).text()).to.equal('tested\n');
    const text = await (await logs(uid, '', ndjson)).text();
    const steps = text.trimEnd().split('\n').map((line) => logLineSchema.parse(JSON.parse(line)).step); // prettier-ignore
    expect(steps).to.deep.equal(['db', 'main', 'db']);
  });

  it('answers with a line of JSON for each line on request, of one step if asked', async () => {
    const steps = ['build', 'test'].map((name) => ({ ...job, name }));
    const uid = await sched.create({ only: { steps } });
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.log(
      lease,
      [
        { text: 'a', step: 'build' },
        { text: 'b', step: 'test', newline: false },
      ],
      true,
    );
    const lines = (await (await logs(uid, '', ndjson)).text()).trimEnd().split('\n');
    const parsed = lines.map((line) => logLineSchema.parse(JSON.parse(line)));
    expect(parsed.map(({ step, text, newline }) => [step, text, newline])).to.deep.equal([
      ['build', 'a', undefined],
      ['test', 'b', false],
    ]);
    expect(parsed[0]).to.include({ time: '2025-11-21T01:53:20.123Z', offset: 0 });
    expect(await (await logs(uid, '?step=build')).text()).to.equal('a\n');
    expect((await logs(uid, '?step=main')).status, 'the marks of chainr itself').to.equal(200);
  });

  it('answers every error as JSON, whatever type the log would have had', async () => {
    const uid = await sched.create({ only: job });
    const address = `/api/runs/${uid}/jobs/only/logs`;
    for (const path of [
      `/api/runs/${uid}/jobs/none/logs`,
      `/api/runs/${uid}/jobs/none/logs?follow=true`,
      `${address}?attempt=7`,
      `${address}?offset=x`,
      `${address}?offset=1&offset=2`,
      `${address}?step=none`,
      `/api/runs/01990000-0000-7000-8000-00000000dead/jobs/only/logs`,
    ])
      for (const accept of ['application/x-ndjson', 'text/plain', '*/*'])
        for (const method of ['GET', 'HEAD']) {
          const response = await fetch(sched.url + path, { method, headers: { Accept: accept } });
          const shown = `${method} ${path} ${accept}`;
          expect(response.status, shown).to.be.within(400, 404);
          expect(response.headers.get('content-type'), shown).to.equal('application/json; charset=utf-8');
          expect(response.headers.get('cache-control'), shown).to.equal('no-store');
          if (method === 'GET') expect(await response.json(), shown).to.have.property('kind', 'Error');
        }
  });

  it('shows a line that grows, as text and as pieces that say that they go on', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ bytes: Buffer.from('Name? ') }]);
    const parse = (text: string | undefined) =>
      (text ?? '').split('\n').flatMap((line) => (line === '' ? [] : [logLineSchema.parse(JSON.parse(line))]));
    const [text, json] = [await logs(uid, '?follow=true'), await logs(uid, '?follow=true', ndjson)].map(({ body }) =>
      (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader(),
    );
    expect((await text!.read()).value).to.equal('Name? ');
    const first = parse((await json!.read()).value);
    expect(first.map(({ text: piece, newline, nextOffset }) => [piece, newline, nextOffset])).to.deep.equal([
      ['Name? ', false, 6],
    ]);
    await sched.worker.log(lease, [{ bytes: Buffer.from('Eva\r\n10 %\r') }]);
    expect((await text!.read()).value).to.equal('Eva\r\n10 %\r');
    expect(parse((await json!.read()).value).map(({ text: piece, newline }) => [piece, newline])).to.deep.equal([
      ['Eva\r', undefined],
      ['10 %\r', false],
    ]);
    await sched.worker.log(lease, [], true);
    expect([(await text!.read()).done, (await json!.read()).done]).to.deep.equal([true, true]);
  });

  it('never shows half a character while the other half is on its way', async () => {
    const { uid, lease } = await start();
    const bytes = Buffer.from('grün €');
    await sched.worker.log(lease, [{ bytes: bytes.subarray(0, -2) }]);
    const response = await logs(uid);
    expect([await response.text(), where(response)[0]]).to.deep.equal(['grün ', String(bytes.length - 3)]);
    expect(Buffer.from(await (await logs(uid, '?raw=true')).arrayBuffer())).to.deep.equal(bytes.subarray(0, -2));
    await sched.worker.log(lease, [{ bytes: bytes.subarray(-2) }], true);
    expect(await (await logs(uid, `?offset=${String(bytes.length - 3)}`)).text()).to.equal('€');
  });

  it('gives exactly what was written with raw=true: no marks, bytes that are no text, one step if asked', async () => {
    const uid = await sched.create({ only: { steps: ['build', 'test'].map((name) => ({ ...job, name })) } });
    const lease = await sched.worker.claim(uid, 0);
    const [first, second] = [Buffer.from([0, 255, 13, 195]), Buffer.from([10, 128, 0])];
    await sched.worker.log(
      lease,
      [
        { bytes: first, step: 'build' },
        { text: 'a mark', stream: 'system', time: 1 },
        { bytes: second, step: 'test', stream: 'stderr' },
      ],
      true,
    );
    const raw = async (query: string) => {
      const response = await logs(uid, `?raw=true${query}`, ndjson);
      expect(response.headers.get('content-type')).to.equal('application/octet-stream');
      return Buffer.from(await response.arrayBuffer());
    };
    const whole = Buffer.concat([first, second]);
    expect(await raw('')).to.deep.equal(whole);
    expect(await raw('&follow=true')).to.deep.equal(whole);
    expect(await raw('&step=test')).to.deep.equal(second);
    expect(await raw('&offset=2')).to.deep.equal(whole.subarray(2));
    expect(await (await logs(uid)).text()).to.equal('\0\ufffd\r\ufffd\na mark\n\n\ufffd\0');
    expect(await (await logs(uid, '?step=main')).text()).to.equal('a mark\n');
  });

  it('says which steps there are where one is asked for that is not', async () => {
    const steps = ['build', 'test'].map((name) => ({ ...job, name }));
    const uid = await sched.create({ only: { steps } });
    const sentence = async (query: string) => {
      const response = await logs(uid, query);
      return [response.status, errorBodySchema.parse(await response.json()).message];
    };
    const unknown = [404, 'The job "only" has no step "nope"; it has build, test.'];
    expect(await sentence('?step=nope')).to.deep.equal(unknown);
    expect(await sentence('?step=nope&follow=true')).to.deep.equal(unknown);
    expect((await sentence('?step=buidl'))[1]).to.equal('The job "only" has no step "buidl", did you mean "build"?');
  });

  it('sends a log that is longer than a page whole, with the right end', async () => {
    const { uid, lease } = await start();
    const text = 'x'.repeat(60_000);
    for (let at = 0; at < 8; at += 1)
      await sched.worker.log(
        lease,
        Array.from({ length: 5 }, () => ({ text })),
      );
    await sched.worker.log(lease, [{ text: 'last' }], true);
    const response = await logs(uid);
    expect(await response.text()).to.equal(`${`${text}\n`.repeat(40)}last\n`);
    expect(where(response)[1]).to.equal('true');
  });

  it('follows a log until its end mark', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'before' }]);
    const response = await logs(uid, '?follow=true');
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).to.equal('before\n');
    await sched.worker.log(lease, [{ text: 'live' }]);
    expect((await reader.read()).value).to.equal('live\n');
    await sched.worker.log(lease, [], true);
    expect((await reader.read()).done).to.equal(true);
  });

  it('waits for the first attempt of a job when it follows', async () => {
    const uid = await sched.create({ only: job });
    const response = await logs(uid, '?follow=true');
    const text = response.text();
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.log(lease, [{ text: 'at last' }], true);
    expect(await text).to.equal('at last\n');
  });

  it('ends with nothing when a job that is followed never starts', async () => {
    const uid = await sched.create({ first: job, only: { ...job, dependsOn: ['first'] } });
    const text = (await logs(uid, '?follow=true')).text();
    await sched.worker.finish(await sched.worker.claim(uid, 0), 'ExitCode', 1);
    expect(await text).to.equal('');
  });

  it('has ended for a job that was skipped, or canceled before its start', async () => {
    const uid = await sched.create({ first: job, only: { ...job, dependsOn: ['first'] } });
    await sched.worker.finish(await sched.worker.claim(uid, 0), 'ExitCode', 1);
    const canceled = await sched.create({ only: job });
    await sched.store.transitions.cancel(canceled);
    for (const each of [uid, canceled]) {
      const response = await logs(each);
      expect([response.status, await response.text(), ...where(response)]).to.deep.equal([200, '', '0', 'true']);
    }
  });

  it('is not at fault when a reader leaves early', async () => {
    const { uid, lease } = await start();
    const lines = Array.from({ length: 8 }, () => ({ text: 'x'.repeat(60_000) }));
    for (let at = 0; at < 30; at += 1) await sched.worker.log(lease, lines);
    const before = await answers();
    const reader = new AbortController();
    const response = await fetch(`${sched.url}/api/runs/${uid}/jobs/only/logs`, { signal: reader.signal });
    await (response.body as ReadableStream<Uint8Array>).getReader().read();
    reader.abort();
    // Sched counts an answer when its connection has closed, also for these requests; it logs that at once.
    for (let asked = 1; (await answers()) <= before + asked; asked += 1);
    await answers();
    expect(sched.logLines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('waits for the last lines of an attempt that has ended', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'first' }]);
    await sched.worker.finish(lease);
    const response = logs(uid);
    await sched.worker.log(lease, [{ text: 'last' }], true);
    expect(await (await response).text()).to.equal('first\nlast\n');
    expect(where(await response)[1]).to.equal('true');
  });

  it('does not wait for ever for lines that nobody brings', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'first' }]);
    await sched.worker.finish(lease);
    const response = await logs(uid);
    expect([await response.text(), where(response)[1]]).to.deep.equal(['first\n', 'false']);
  });

  it('is empty for a job that has not started, and says so of attempts that are not there', async () => {
    const uid = await sched.create({ only: job });
    const response = await logs(uid);
    expect([await response.text(), ...where(response)]).to.deep.equal(['', '0', 'false']);
    const missing = await logs(uid, '?attempt=2');
    expect(missing.status).to.equal(404);
    expect(errorBodySchema.parse(await missing.json()).message).to.contain('no attempt 2');
    expect((await logs(uid, '?attempt=0')).status).to.equal(400);
    expect((await logs(uid, '?follow=yes')).status).to.equal(400);
  });

  it('says since when a log is gone that was kept shorter than its run', async () => {
    const { uid, lease } = await start();
    await sched.worker.log(lease, [{ text: 'one' }], true);
    await sched.worker.finish(lease);
    await sched.worker.close(lease);
    await sched.store.removals.removeLogs(uid);
    for (const query of ['', '?follow=true']) {
      const response = await logs(uid, query);
      expect(response.status).to.equal(410);
      const { code, message } = errorBodySchema.parse(await response.json());
      expect(code).to.equal('Gone');
      expect(message).to.match(
        /^The logs of this run were removed at 2\d{3}-.*Z: logs are kept for a shorter time than runs\.$/,
      );
    }
  });

  it('does not wait for a HEAD', async () => {
    const uid = await sched.create({ only: job });
    const response = await fetch(`${sched.url}/api/runs/${uid}/jobs/only/logs?follow=true`, { method: 'HEAD' });
    expect(response.status).to.equal(200);
  });

  it('cuts the connection of a follower when it stops, rather than to end the log', async () => {
    const other = await openSched();
    const uid = await other.create({ only: job });
    const response = await other.get(`/api/runs/${uid}/jobs/only/logs?follow=true`);
    const text = response.text().then(
      () => 'ended',
      () => 'cut',
    );
    await other.close();
    expect(await text).to.equal('cut');
  });
});
