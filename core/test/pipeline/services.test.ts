import { expect } from 'chai';
import { logNames, resolveServices } from '../../src/pipeline/services.js';
import { accepted, refusedWith, written } from './build-pipeline.js';

const db = { name: 'db', image: 'postgres' };
const servicesOf = (services: unknown, rest: object = {}) => written({ job: { services, ...rest } });
/** The mistakes of services, without the beginning of their places. */
const mistakesIn = (services: unknown, rest: object = {}) =>
  refusedWith(servicesOf(services, rest)).map((mistake) => mistake.replace('jobs.job.services', 'services'));

describe('the services of a job', () => {
  it('are part of its plan, with the defaults of their checks', () => {
    const [job] = accepted(
      servicesOf([
        { ...db, env: { MODE: 'test' }, command: ['postgres'], args: ['-c', 'fsync=off'], resources: { limits: { cpu: 1 } } },
        { name: 'web', image: 'nginx', ready: { http: { port: 80 } } },
        { name: 'api', image: 'nginx', ready: { http: { port: 81, path: '/up?deep=1' }, timeout: '5s' } },
        { name: 'cache', image: 'redis', ready: { tcp: 6379 } },
        { name: 'queue', image: 'rabbitmq', ready: { run: 'rabbitmqctl status', timeout: '2m' } },
      ], { pull: 'always' }), // prettier-ignore
    ).jobs;
    expect(job?.services).to.deep.equal([
      { ...db, env: { MODE: 'test' }, command: ['postgres'], args: ['-c', 'fsync=off'], resources: { limits: { cpu: '1' } } },
      { name: 'web', image: 'nginx', ready: { http: { port: 80, path: '/' }, timeoutMs: 60_000 } },
      { name: 'api', image: 'nginx', ready: { http: { port: 81, path: '/up?deep=1' }, timeoutMs: 5_000 } },
      { name: 'cache', image: 'redis', ready: { tcp: 6379, timeoutMs: 60_000 } },
      { name: 'queue', image: 'rabbitmq', ready: { run: 'rabbitmqctl status', timeoutMs: 120_000 } },
    ]); // prettier-ignore
    expect(job && resolveServices(job)[3]).to.deep.equal({
      name: 'cache',
      image: 'redis',
      env: {},
      pull: 'always',
      ready: { tcp: 6379, timeoutMs: 60_000 },
    });
  });

  it('are at least one and at most eight, in a list', () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ ...db, name: `s${String(at)}` }));
    accepted(servicesOf(many(8)));
    expect(mistakesIn(many(9))).to.deep.equal(['services: has more than 8 entries']);
    expect(mistakesIn([])).to.deep.equal(['services: must not be empty']);
    const form = 'write services: [{ name: db, image: postgres }]';
    expect(mistakesIn({ db: { image: 'postgres' } })).to.deep.equal([
      `services: must be a list of services, but is a map; ${form}`,
    ]);
    expect(mistakesIn('postgres')).to.deep.equal([
      `services: must be a list of services, but is the text "postgres"; ${form}`,
    ]);
  });

  it('have names of their own, among themselves and beside the steps', () => {
    const steps = [{ name: 'db', run: 'exit 0' }];
    expect(mistakesIn([db, db, { ...db, name: 'main' }, { ...db, name: 'DB' }])).to.have.members([
      'services[1].name: another service of the job has the same name',
      'services[2].name: a step of the job has the same name, which a job without steps gives to its only one',
      'services[3].name: a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit',
    ]);
    expect(mistakesIn([db], { run: undefined, steps })).to.deep.equal([
      'services[0].name: a step of the job has the same name',
    ]);
    accepted(written({ job: { image: 'busybox', run: undefined, steps, services: [{ ...db, name: 'main' }] } }));
  });

  it('have exactly one check', () => {
    const ready = (...checks: unknown[]) =>
      checks.map((check, at) => ({ ...db, name: `s${String(at)}`, ready: check }));
    expect(
      mistakesIn(
        ready({}, { timeout: '5s' }, { tcp: 1, run: 'true' }, { tcp: 0 }, { tcp: '80' }, { http: { port: 80, path: 'up' } }, { run: '' }),
      ), // prettier-ignore
    ).to.have.members([
      'services[0].ready: must have exactly one of run, http, tcp, but has none',
      'services[1].ready: must have exactly one of run, http, tcp, but has none',
      'services[2].ready: must have exactly one of run, http, tcp, but has run and tcp',
      'services[3].ready.tcp: must be at least 1',
      'services[4].ready.tcp: must be a number, but is the text "80"',
      'services[5].ready.http.path: must be the path of an address, beginning with "/", without spaces',
      'services[6].ready.run: is empty',
    ]);
    expect(
      mistakesIn(ready(6379, { http: 80 }, { http: { port: 80, path: `/${'x'.repeat(2_048)}` } })),
    ).to.have.members([
      'services[0].ready: must be a map, such as { tcp: 5432 } or { run: pg_isready }',
      'services[1].ready.http: must be a map, but is the number 80',
      'services[2].ready.http.path: is longer than 2048 characters',
    ]);
  });

  it('may refer to outputs of jobs that their job waits for, and to nothing else', () => {
    const tag = '${{ jobs.build.outputs.tag }}';
    const services = [{ ...db, image: `app:${tag}`, env: { TAG: tag, TOKEN: { secret: 'token' } } }];
    const { jobs } = accepted(written({ build: {}, job: { dependsOn: ['build'], services } }));
    expect(jobs[1]?.references).to.deep.equal({ outputsOf: { build: 0 } });
    expect(accepted(servicesOf([{ ...db, env: { T: { secret: 't' } } }])).jobs[0]?.references).to.deep.equal({
      outputsOf: {},
    });
    const wrong = [
      { ...db, image: tag, env: { A: '${{ jobs.bild.outputs.tag }}' }, args: [tag], ready: { run: `test ${tag}` } },
    ];
    const outputs =
      'outputs cannot be used in scripts and arguments; assign the output to a variable in env and use the variable';
    expect(refusedWith(written({ build: {}, job: { services: wrong } }))).to.have.members([
      'jobs.job.services[0].image: the job does not wait for "build"; add that to its dependsOn',
      'jobs.job.services[0].env.A: there is no job "bild", did you mean "build"?',
      `jobs.job.services[0].args[0]: ${outputs}`,
      `jobs.job.services[0].ready.run: ${outputs}`,
    ]);
  });

  it('stand in the log under their names, after the steps', () => {
    const steps = ['one', 'two'].map((name) => ({ name, run: 'exit 0' }));
    const { jobs } = accepted(written({ job: { run: undefined, steps, services: [db] }, plain: {} }));
    expect(jobs.map(logNames)).to.deep.equal([['one', 'two', 'db'], ['main']]);
  });

  it('get only their own variables, within the limits of a container', () => {
    const pipeline = accepted(written({ job: { env: { JOB: '1' }, services: [db] } }, { env: { ALL: '1' } }));
    expect(pipeline.jobs.map((job) => resolveServices(job))).to.deep.equal([[{ ...db, env: {} }]]);
    const word = 'x'.repeat(131_071);
    expect(mistakesIn([{ ...db, args: Array.from({ length: 9 }, () => word) }])).to.deep.equal([
      'services[0]: needs 1179651 bytes for its command and variables, but at most 1048576 are allowed',
    ]);
    expect(mistakesIn([{ ...db, env: { BIG: word, PS1: { secret: 'a' } } }])).to.have.members([
      'services[0].env.BIG: is longer than 131071 bytes with its name, the limit of Linux for one variable',
      'services[0].env.PS1: shells use this variable themselves: put the secret into another one',
    ]);
  });

  it('name what chainr has for the words of other systems', () => {
    const found = refusedWith(
      written(
        { job: { services: [{ ...db, ports: ['80:80'], healthcheck: {}, alias: 'x', imge: 'y' }], sidecars: [] } },
        { services: {} },
      ),
    );
    expect(found).to.have.members([
      'services: unknown field "services"; services belong to a job, as a list: jobs: { NAME: { services: [{ name: db, image: postgres }], … } }',
      'jobs.job.sidecars: unknown field "sidecars"; write containers that run beside the steps as services: [{ name: db, image: postgres }]',
      'jobs.job.services[0].ports: unknown field "ports"; steps reach every port of a service as localhost: nothing has to be published',
      'jobs.job.services[0].healthcheck: unknown field "healthcheck"; write when the service is ready as ready: { tcp: 5432 }, { http: { port: 8080 } } or { run: pg_isready }',
      'jobs.job.services[0].alias: unknown field "alias"; the name of the service is its host name: name: db',
      'jobs.job.services[0].imge: unknown field "imge", did you mean "image"?',
    ]);
  });
});
