import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { expect } from 'chai';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { runSchema } from '@chainr/core/api/contract/run-resource';
import { untilFound } from '@chainr/testkit/until-found';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const oneJob = { kind: 'Pipeline', jobs: { only: job } };

describe('POST /api/runs', () => {
  let sched: OpenSched;

  before(async () => {
    sched = await openSched();
  });

  after(() => sched.close());

  const send = (body: string | Buffer, contentType?: string) =>
    fetch(`${sched.url}/api/runs`, {
      method: 'POST',
      body,
      headers: contentType === undefined ? {} : { 'Content-Type': contentType },
    });

  const errorOf = async (response: Response) => errorBodySchema.parse(await response.json());

  it('accepts the pipeline of the README and answers with its run', async () => {
    const text = await readFile(new URL('../../examples/readme.json', import.meta.url), 'utf8');
    const response = await send(text, 'application/json');
    expect(response.status).to.equal(202);
    const run = runSchema.parse(await response.json());
    expect(response.headers.get('location')).to.equal(run.metadata.selfLink);
    expect(run.status).to.equal('PENDING');
    expect(run.jobs.map(({ name, reason }) => [name, reason])).to.deep.equal([
      ['first', 'Queued'],
      ['second', 'Queued'],
      ['success', 'WaitingForDependencies'],
      ['error', 'WaitingForDependencies'],
    ]);
    expect(run.jobs.every(({ message }) => message.endsWith('.'))).to.equal(true);
    expect(run.jobCounts.PENDING).to.equal(4);
    expect(run.jobsTruncated).to.equal(false);
  });

  it('accepts YAML', async () => {
    const response = await send(
      'kind: Pipeline\njobs:\n  only:\n    image: busybox\n    run: exit 0\n',
      'application/yaml; charset=utf-8',
    );
    expect(response.status).to.equal(202);
  });

  it('stores nothing for a client that hangs up while its large pipeline is read', async () => {
    const before = await (await sched.get('/api/runs?limit=100')).text();
    const script = 'x'.repeat(100_000);
    const body = JSON.stringify({ kind: 'Pipeline', jobs: { one: { ...job, run: script }, two: { ...job, run: script } } }); // prettier-ignore
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const request = http.request(`${sched.url}/api/runs`, { method: 'POST', headers });
    request.on('error', () => undefined);
    await new Promise<void>((resolve) => request.end(body, resolve));
    request.destroy();
    const isRefused = () => sched.logLines.some((line) => JSON.stringify(line).includes('The client is gone'));
    await untilFound('the refusal', isRefused);
    expect(await (await sched.get('/api/runs?limit=100')).text()).to.equal(before);
  });

  it('lists every mistake at once and stores nothing', async () => {
    const before = await (await sched.get('/api/runs?limit=100')).text();
    const response = await sched.post({
      kind: 'Pipeline',
      extra: 1,
      jobs: { a: { ...job, dependsOn: ['b'] }, B: job },
    });
    expect(response.status).to.equal(400);
    const error = await errorOf(response);
    expect(error.code).to.equal('BadRequest');
    expect(error.details.length).to.be.greaterThan(2);
    expect(error.details.map(({ path }) => path)).to.include('jobs.a.dependsOn[0]');
    expect(error.requestId).to.equal(response.headers.get('x-request-id'));
    expect(await (await sched.get('/api/runs?limit=100')).text()).to.equal(before);
  });

  it('refuses a body that is neither JSON nor YAML, empty, or not UTF-8', async () => {
    for (const body of ['{', '', '   ', Buffer.from([0x7b, 0xff, 0x7d])]) {
      const response = await send(body, 'application/json');
      expect(response.status).to.equal(400);
      const error = await errorOf(response);
      expect(error.details).to.have.length(1);
    }
  });

  it('refuses other content types and lists the supported ones', async () => {
    for (const type of ['text/plain', 'application/json; charset=latin1', undefined]) {
      const response = await send(Buffer.from(JSON.stringify(oneJob)), type);
      expect(response.status, String(type)).to.equal(415);
      expect((await errorOf(response)).message).to.contain('application/yaml');
    }
  });

  it('refuses more than 8 MiB, with or without a content length', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024 + 1, ' ');
    expect((await send(large, 'application/json')).status).to.equal(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = http.request(
        `${sched.url}/api/runs`,
        { method: 'POST', headers: { 'Content-Type': 'application/json' } },
        (response) => {
          resolve(response.resume().statusCode);
        },
      );
      request.on('error', reject);
      request.write(large.subarray(0, 4 * 1024 * 1024));
      request.end(large.subarray(4 * 1024 * 1024));
    });
    expect(status).to.equal(413);
  });

  describe('with an Idempotency-Key', () => {
    const key = { 'Idempotency-Key': 'key-1' };

    it('makes one run for repeated requests and answers with its current state', async () => {
      const first = await sched.post(oneJob, key);
      const made = runSchema.parse(await first.json());
      await sched.worker.finish(await sched.worker.claim(made.metadata.uid, 0));
      const again = await sched.post(oneJob, key);
      expect(again.status).to.equal(202);
      const replayed = runSchema.parse(await again.json());
      expect(replayed.metadata.uid).to.equal(made.metadata.uid);
      expect(replayed.status).to.equal('SUCCESSFUL');
    });

    it('answers 410, not 404, if its run was deleted', async () => {
      const once = { 'Idempotency-Key': 'of-a-deleted-run' };
      const made = runSchema.parse(await (await sched.post(oneJob, once)).json());
      const { uid } = made.metadata;
      const lease = await sched.worker.claim(uid, 0);
      await sched.worker.finish(lease);
      await sched.worker.log(lease, [], true);
      await sched.worker.close(lease);
      expect((await sched.delete(`/api/runs/${uid}`)).status).to.equal(200);
      const again = await sched.post(oneJob, once);
      expect(again.status).to.equal(410);
      expect(await errorOf(again)).to.include({
        code: 'Gone',
        message: `The run ${uid} that this Idempotency-Key made was deleted; use a new key for a new run.`,
      });
      const other = await sched.post({ kind: 'Pipeline', jobs: { other: job } }, once);
      expect(other.status, 'another body is still another request').to.equal(409);
    });

    it('refuses the key with another body', async () => {
      const response = await sched.post({ kind: 'Pipeline', jobs: { other: job } }, key);
      expect(response.status).to.equal(409);
      expect((await errorOf(response)).code).to.equal('Conflict');
    });

    it('keeps the keys of different callers apart', async () => {
      const response = await sched.post(
        { kind: 'Pipeline', jobs: { other: job } },
        { ...key, 'X-Chainr-Caller': 'somebody' },
      );
      expect(response.status).to.equal(202);
    });

    it('refuses keys that are empty, too long or have spaces', async () => {
      for (const bad of ['a b', 'x'.repeat(256), '\u00e9']) {
        const response = await sched.post(oneJob, { 'Idempotency-Key': bad });
        expect(response.status).to.equal(400);
        expect((await errorOf(response)).details[0]?.path).to.equal('Idempotency-Key');
      }
    });
  });

  describe('as a check', () => {
    const check = (pipeline: unknown) =>
      fetch(`${sched.url}/api/pipelines/validate`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(pipeline),
      });

    it('counts the jobs of a valid pipeline', async () => {
      const response = await check(oneJob);
      expect(response.status).to.equal(200);
      expect(await response.json()).to.deep.equal({ kind: 'PipelineCheck', valid: true, jobs: 1, warnings: [] });
    });

    it('warns about what is valid but probably unintended', async () => {
      const a = { image: 'busybox', run: 'exit 1', allowFailure: true };
      const response = await check({ kind: 'Pipeline', jobs: { a, b: { ...a, dependsOn: ['a'] } } });
      expect(response.status).to.equal(200);
      const { warnings } = (await response.json()) as { warnings: { path: string; message: string }[] };
      expect(warnings.map(({ path }) => path)).to.deep.equal(['jobs.b.dependsOn[0]']);
      expect(warnings[0]?.message).to.contain('allowFailure');
    });

    it('answers an invalid one as a creation does', async () => {
      const wrong = { kind: 'Pipeline', jobs: {} };
      const [checked, created] = await Promise.all([check(wrong), sched.post(wrong)]);
      expect(checked.status).to.equal(400);
      expect((await errorOf(checked)).details).to.deep.equal((await errorOf(created)).details);
    });
  });
});
