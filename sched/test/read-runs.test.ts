import { expect } from 'chai';
import { routes } from '@chainr/core/api/contract/routes';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { jobResourceSchema } from '@chainr/core/api/contract/job-resource';
import { timelineSchema } from '@chainr/core/api/contract/timeline-resource';
import { jobListSchema, runListSchema, runSchema } from '@chainr/core/api/contract/run-resource';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const manyJobs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`job-${String(at)}`, job]));

describe('reading runs', () => {
  let sched: OpenSched;

  before(async () => {
    sched = await openSched();
  });

  after(() => sched.close());

  const json = async (path: string) => (await sched.get(path)).json();
  const notFound = async (path: string) => {
    const response = await sched.get(path);
    expect(response.status, path).to.equal(404);
    return errorBodySchema.parse(await response.json()).message;
  };

  it('lists its resources', async () => {
    expect(await json('/api')).to.nested.include({
      kind: 'APIResourceList',
      'metadata.selfLink': '/api',
      'resources.runs.selfLink': '/api/runs',
    });
  });

  it('lists runs newest first, page by page', async () => {
    const uids: string[] = [];
    for (let at = 0; at < 5; at += 1) uids.unshift(await sched.create({ only: job }));
    const first = runListSchema.parse(await json('/api/runs?limit=3'));
    const second = runListSchema.parse(await json(`/api/runs?limit=3&cursor=${String(first.metadata.next)}`));
    expect([...first.items, ...second.items].map((run) => run.metadata.uid)).to.deep.equal(uids);
    expect(second.metadata.next).to.equal(undefined);
  });

  it('shows the first 100 jobs of a run in lists, 1,000 alone, and pages all', async () => {
    const uid = await sched.create(manyJobs(1200));
    const listed = runListSchema.parse(await json('/api/runs?limit=1')).items[0];
    expect([listed?.jobs.length, listed?.jobsTruncated]).to.deep.equal([100, true]);
    const alone = runSchema.parse(await json(`/api/runs/${uid}`));
    expect([alone.jobs.length, alone.jobsTruncated, alone.jobCounts.PENDING]).to.deep.equal([1000, true, 1200]);
    const first = jobListSchema.parse(await json(`/api/runs/${uid}/jobs?limit=1000`));
    const last = jobListSchema.parse(
      await json(`/api/runs/${uid}/jobs?limit=1000&cursor=${String(first.metadata.next)}`),
    );
    expect([...first.items, ...last.items].map(({ name }) => name)).to.deep.equal(Object.keys(manyJobs(1200)));
    expect(last.metadata.next).to.equal(undefined);
  });

  it('shows the attempts of a job with their phases', async () => {
    const uid = await sched.create({ only: job });
    await sched.worker.finish(await sched.worker.claim(uid, 0), 'ExitCode', 3);
    const shown = jobResourceSchema.parse(await json(`/api/runs/${uid}/jobs/only`));
    expect(shown).to.include({ status: 'FAILED', reason: 'ExitCode' });
    expect(shown.attempts).to.have.length(1);
    expect(shown.attempts[0]).to.include({ attempt: 1, exitCode: 3, executorId: 'fake:test' });
    expect(shown.attempts[0]?.phases).to.include.keys('createdAt', 'claimedAt', 'endedAt');
    const run = runSchema.parse(await json(`/api/runs/${uid}`));
    expect(run.status).to.equal('FAILED');
    expect(Date.parse(run.metadata.endedAt ?? '')).to.be.at.least(Date.parse(run.metadata.createdAt));
  });

  it('shows the pool of a run, and of each job that names one or whose pipeline does', async () => {
    const poolsOf = async (rest: object) => {
      const made = await sched.post({ kind: 'Pipeline', ...rest, jobs: { own: { ...job, pool: 'gpu' }, none: job } });
      const { metadata } = runSchema.parse(await made.json());
      const jobs = ['own', 'none'].map((name) => json(`/api/runs/${metadata.uid}/jobs/${name}`));
      return [metadata.pool, ...(await Promise.all(jobs)).map((each) => jobResourceSchema.parse(each).metadata.pool)];
    };
    expect(await poolsOf({})).to.deep.equal(['fake', 'gpu', undefined]);
    expect(await poolsOf({ pool: 'big' })).to.deep.equal(['big', 'gpu', 'big']);
    const refused = await sched.post({ kind: 'Pipeline', pool: 'Big', jobs: { a: job } });
    expect(refused.status).to.equal(400);
    expect(await refused.text()).to.include('"path":"pool"');
  });

  it('shows the titles of a run, its jobs and their steps if they have any', async () => {
    const steps = [
      { name: 'one', title: 'First', run: 'exit 0' },
      { name: 'two', run: 'exit 0' },
    ];
    const pipeline = {
      kind: 'Pipeline',
      title: 'Nightly build',
      jobs: { titled: { image: 'busybox', title: 'Größe "1"', steps }, plain: { image: 'busybox', run: 'exit 0' } },
    };
    const created = (await (await sched.post(pipeline)).json()) as { metadata: { uid: string; title?: string } };
    const { uid } = created.metadata;
    expect(created.metadata.title).to.equal('Nightly build');
    const lease = await sched.worker.claim(uid, 0);
    const ended = ['one', 'two'].map((name) => ({ name, exitCode: 0 }));
    await sched.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0, steps: ended }, {});
    const read = async (path: string): Promise<unknown> => (await sched.get(`/api/runs/${uid}${path}`)).json();
    expect(await read('')).to.have.nested.property('metadata.title', 'Nightly build');
    const titled = jobResourceSchema.parse(await read('/jobs/titled'));
    expect(titled.metadata.title).to.equal('Größe "1"');
    expect(titled.attempts[0]?.steps?.map(({ name, title }) => [name, title])).to.deep.equal([
      ['one', 'First'],
      ['two', undefined],
    ]);
    expect(await read('/jobs/plain')).not.to.have.nested.property('metadata.title');
    const { items } = timelineSchema.parse(await read('/timeline'));
    expect(items.map(({ name, title }) => [name, title])).to.deep.equal([
      ['titled', 'Größe "1"'],
      ['plain', undefined],
    ]);
  });

  it('shows the outputs of a job, and only the names of secrets', async () => {
    const env = { TOKEN: { secret: 'deploy-token' }, PLAIN: 'shown as it was sent' };
    const uid = await sched.create({ only: { ...job, env } });
    expect(jobResourceSchema.parse(await json(`/api/runs/${uid}/jobs/only`))).not.to.have.property('outputs');
    await sched.worker.finish(await sched.worker.claim(uid, 0), 'Completed', 0, { tag: 'v1' });
    const shown = jobResourceSchema.parse(await json(`/api/runs/${uid}/jobs/only`));
    expect(shown.outputs).to.deep.equal({ tag: 'v1' });
    const sent = (await json(`/api/runs/${uid}/pipeline`)) as { jobs: { only: object } };
    expect(sent.jobs.only).to.deep.include({ env });
  });

  it('returns the pipeline exactly as it was sent', async () => {
    const text = '\ufeff# a comment\nkind: Pipeline\njobs: {only: {image: "büsybox", run: exit 0}}\n';
    const sent = await fetch(`${sched.url}/api/runs`, {
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'text/yaml' },
    });
    const { uid } = runSchema.parse(await sent.json()).metadata;
    const response = await sched.get(`/api/runs/${uid}/pipeline`);
    expect(response.headers.get('content-type')).to.equal('text/yaml; charset=utf-8');
    expect(Buffer.from(await response.arrayBuffer()).toString('utf8')).to.equal(text);
  });

  it('says what does not exist', async () => {
    const uid = await sched.create({ only: job });
    const nobody = '01a1fbeb-0000-7000-8000-000000000000';
    for (const rest of ['', '/jobs', '/timeline', '/pipeline', '/jobs/only', '/jobs/only/logs']) {
      expect(await notFound(`/api/runs/${nobody}${rest}`)).to.contain(nobody);
    }
    expect(await notFound('/api/runs/__proto__')).to.contain('__proto__');
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'UPPER', 'a'.repeat(300)]) {
      expect(await notFound(`/api/runs/${uid}/jobs/${name}`)).to.contain('no job');
      expect(await notFound(`/api/runs/${uid}/jobs/${name}/logs`)).to.contain('no job');
    }
    expect(await notFound('/api/nothing')).to.contain('/api/nothing');
    expect((await sched.get('/api/runs/%E0%A4%A')).status).to.equal(400);
  });

  it('reads a uid in capital letters', async () => {
    const uid = await sched.create({ only: job });
    expect(runSchema.parse(await json(`/api/runs/${uid.toUpperCase()}`)).metadata.uid).to.equal(uid);
  });

  it('lists every wrong or unknown parameter', async () => {
    const response = await sched.get('/api/runs?limit=0&cursr=1&cursor=-1');
    expect(response.status).to.equal(400);
    const { details } = errorBodySchema.parse(await response.json());
    expect(details).to.have.deep.members([
      { path: 'limit', message: 'must be a whole number from 1 to 100' },
      { path: 'cursor', message: 'must be a whole number from 0 to 9007199254740991' },
      { path: 'cursr', message: 'unknown parameter, did you mean "cursor"?' },
    ]);
    for (const bad of ['limit=101', 'limit=1e1', 'limit=', 'limit=1&limit=2'])
      expect((await sched.get(`/api/runs?${bad}`)).status, bad).to.equal(400);
  });

  it('answers 405 with the allowed methods, HEAD without a body, and OPTIONS', async () => {
    const ask = (method: string, path: string) => fetch(sched.url + path, { method });
    const refused = await ask('PUT', '/api/runs');
    expect(refused.status).to.equal(405);
    expect(refused.headers.get('allow')?.split(', ')).to.have.members(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);
    const one = await ask('PUT', '/api/runs/x');
    expect([one.status, one.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, DELETE, OPTIONS']);
    for (const path of [
      '/api',
      '/api/openapi.json',
      '/api/runs/x/jobs',
      '/api/runs/x/jobs/y',
      '/api/runs/x/jobs/y/logs',
      '/api/runs/x/timeline',
      '/api/runs/x/pipeline',
    ]) {
      const response = await ask('PUT', path);
      expect([response.status, response.headers.get('allow')], path).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    }
    const validate = await ask('GET', '/api/pipelines/validate');
    expect([validate.status, validate.headers.get('allow')]).to.deep.equal([405, 'POST, OPTIONS']);
    const head = await ask('HEAD', '/api/runs');
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    const options = await ask('OPTIONS', '/api/runs');
    expect([options.status, options.headers.get('allow')]).to.deep.equal([204, 'POST, DELETE, GET, HEAD, OPTIONS']);
  });

  it('describes every route and nothing else in its OpenAPI document', async () => {
    const document = (await json('/api/openapi.json')) as { openapi: string; paths: Record<string, object> };
    expect(document.openapi).to.equal('3.1.0');
    expect(Object.keys(document.paths)).to.have.members([...new Set(Object.values(routes).map(({ path }) => path))]);
  });
});
