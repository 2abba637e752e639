import { expect } from 'chai';
import type { ExecutorKind } from '@chainr/core/engine/records';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: ':' };
const service = { name: 'db', image: 'postgres' };
const value = { kubernetesSecret: 'registry', key: 'token' };

interface Mistake {
  path: string;
  message: string;
}

describe('what the executor of a pool cannot do', () => {
  let sched: OpenSched;
  before(async () => {
    sched = await openSched();
    await Promise.all([show('machines', 'process'), show('containers', 'docker'), show('pods', 'kubernetes')]);
  });
  after(() => sched.close());

  const show = (pool: string, executor: ExecutorKind) =>
    sched.store.workers.show({ id: pool, host: 'here', pool, executor, executorId: pool, capacity: 1, running: 0 });

  const pipelineOf = (jobs: Record<string, object>, rest: object = {}) => ({
    kind: 'Pipeline',
    ...rest,
    jobs: Object.fromEntries(Object.entries(jobs).map(([name, fields]) => [name, { ...job, ...fields }])),
  });
  const validate = (pipeline: object) =>
    fetch(`${sched.url}/api/pipelines/validate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(pipeline),
    });
  /** The mistakes, which a check and a creation tell alike; undefined if the pipeline is valid. */
  const mistakesOf = async (pipeline: object): Promise<string[] | undefined> => {
    const [checked, created] = await Promise.all([validate(pipeline), sched.post(pipeline)]);
    const [check, creation] = (await Promise.all([checked.json(), created.json()])) as {
      details?: Mistake[];
    }[];
    expect([checked.status, created.status]).to.be.deep.oneOf([[400, 400], [200, 202]]); // prettier-ignore
    expect(check?.details).to.deep.equal(creation?.details);
    return check?.details?.map(({ path, message }) => `${path}: ${message}`);
  };
  const warningsOf = async (pipeline: object): Promise<string[]> => {
    const { warnings } = (await (await validate(pipeline)).json()) as { warnings: Mistake[] };
    return warnings.map(({ path, message }) => `${path}: ${message}`);
  };

  it('is refused at its place if the job has services and its pool runs processes', async () => {
    const services = [service];
    const found = await mistakesOf(
      pipelineOf({
        a: { services, pool: 'machines' },
        b: { services, pool: 'containers' },
        c: { services, pool: 'pods' },
        d: { services, pool: 'nobody' },
        e: { pool: 'machines' },
      }),
    );
    expect(found).to.deep.equal([
      'jobs.a.services: cannot be run by the workers of the pool "machines", which have the process executor; choose a pool with the docker or kubernetes executor: pool: NAME',
    ]);
  });

  it('is refused at its place if a variable is a value of a cluster and its pool has none', async () => {
    const mend = 'choose a pool with the kubernetes executor: pool: NAME, or write { secret: NAME }';
    const by = (pool: string, kind: string) =>
      `is a value of a cluster, which cannot be read by the workers of the pool "${pool}", which have the ${kind} executor; ${mend}`;
    const env = { TOKEN: value };
    const steps = [{ name: 'one', run: ':', env }, { name: 'two', run: ':' }]; // prettier-ignore
    const main = [{ name: 'main', run: ':', env }];
    const found = await mistakesOf(
      pipelineOf(
        {
          job: { env },
          step: { run: undefined, steps, pool: 'machines' },
          'only-step': { run: undefined, steps: main, pool: 'machines' },
          service: { services: [{ ...service, env }] },
          replaced: { env: { LEVEL: 'x' }, pool: 'machines' },
          'all-replaced': {
            run: undefined,
            steps: [{ name: 'one', run: ':', env: { LEVEL: 'x' } }],
            pool: 'containers',
          },
          pod: { env, pool: 'pods' },
        },
        { pool: 'containers', env: { LEVEL: value, SECRET: { secret: 'x' } } },
      ),
    );
    expect(found).to.have.members([
      `env.LEVEL: ${by('containers', 'docker')}`,
      `env.LEVEL: ${by('machines', 'process')}`,
      `jobs.job.env.TOKEN: ${by('containers', 'docker')}`,
      `jobs.step.steps[0].env.TOKEN: ${by('machines', 'process')}`,
      `jobs.only-step.steps[0].env.TOKEN: ${by('machines', 'process')}`,
      `jobs.service.services[0].env.TOKEN: ${by('containers', 'docker')}`,
    ]);
  });

  it('is a warning if settings of pods have no effect, so that one file runs everywhere', async () => {
    const kubernetes = { namespace: 'builds' };
    const pipeline = pipelineOf(
      { a: { pool: 'containers' }, b: { pool: 'machines', kubernetes }, c: { pool: 'pods', kubernetes } },
      { kubernetes },
    );
    expect(await mistakesOf(pipeline)).to.equal(undefined);
    const by = (pool: string, kind: string) =>
      `is ignored by the workers of the pool "${pool}", which have the ${kind} executor`;
    expect(await warningsOf(pipeline)).to.have.members([
      `kubernetes: ${by('containers', 'docker')}`,
      `kubernetes: ${by('machines', 'process')}`,
      `jobs.b.kubernetes: ${by('machines', 'process')}`,
    ]);
  });

  it('is not known for a pool without workers, such as the default one here', async () => {
    const pipeline = pipelineOf({ a: { services: [service], env: { TOKEN: value }, kubernetes: {} } });
    expect(await mistakesOf(pipeline)).to.equal(undefined);
    expect(await warningsOf(pipeline)).to.deep.equal([]);
    await show('fake', 'process');
    expect(await mistakesOf(pipeline)).to.have.length(2);
    await sched.store.workers.forget('fake');
  });

  it('refuses no repeat of a request whose run exists, though its pool has got such workers meanwhile', async () => {
    const pipeline = pipelineOf({ a: { services: [service], pool: 'late' } });
    const key = { 'Idempotency-Key': 'before-the-workers' };
    const first = await sched.post(pipeline, key);
    const { metadata } = (await first.json()) as { metadata: { uid: string } };
    await show('late', 'process');
    const repeat = await sched.post(pipeline, key);
    expect([first.status, repeat.status]).to.deep.equal([202, 202]);
    expect(((await repeat.json()) as { metadata: { uid: string } }).metadata.uid).to.equal(metadata.uid);
    const other = pipelineOf({ b: { services: [service], pool: 'late' } });
    expect((await sched.post(other, key)).status, 'another pipeline with this key').to.equal(409);
    expect((await sched.post(pipeline)).status, 'without the key').to.equal(400);
    expect((await sched.post(pipeline, { 'Idempotency-Key': 'after' })).status, 'a new key').to.equal(400);
  });

  it('is told for at most 20 places of one kind in one pool', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`j${String(at)}`, { services: [service] }]));
    expect(await mistakesOf(pipelineOf(jobs, { pool: 'machines' }))).to.have.length(20);
  });
});
