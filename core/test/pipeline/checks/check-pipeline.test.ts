import { expect } from 'chai';
import { accepted, refused, refusedWith, written } from '../build-pipeline.js';

describe('checking a pipeline', () => {
  it('lists all mistakes at once, of the form and of the graph', () => {
    const found = refusedWith({
      kind: 'Pipelin',
      metdata: {},
      jobs: {
        First: { image: 'busybox', run: 'exit 0', dependOn: ['b'] },
        b: {
          image: 'busybox',
          run: 5,
          steps: [],
          dependsOn: ['c', 'nobody', { job: 'c', conditions: { sucess: true } }, 'b'],
        },
        c: { run: 'exit 0', timeout: '5 minutes', dependsOn: ['b'] },
      },
    });
    expect(found).to.have.members([
      'kind: must be "Pipeline", but is the text "Pipelin"',
      'metdata: unknown field "metdata", did you mean "metadata"?',
      'jobs.First: a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit',
      'jobs.First.dependOn: unknown field "dependOn", did you mean "dependsOn"?',
      'jobs.b.run: must be text, but is the number 5; write it in quotes',
      'jobs.b.steps: must not be empty',
      'jobs.b.dependsOn[2].conditions.sucess: unknown field "sucess", did you mean "success"?',
      'jobs.b: must have exactly one of run, command/args, steps, but has run and steps',
      'jobs.c.timeout: must be a duration such as "90s", "30m" or "1h30m", of at most 365 days',
      'jobs.c.image: is missing, it must be the name of an image',
      'jobs.b.dependsOn[1]: there is no job "nobody"',
      'jobs.b.dependsOn[2].job: "c" is named twice',
      'jobs.b.dependsOn[3]: the job depends on itself',
      'jobs.b.dependsOn[0]: these jobs wait for each other: b → c → b',
    ]);
  });

  it('handles maps with a length where text or a list is expected', () => {
    const odd = { length: {} };
    const found = refusedWith({ kind: 'Pipeline', jobs: { a: { image: odd, run: odd, steps: odd, command: odd } } });
    expect(found.map((line) => line.split(':')[0])).to.include.members([
      'jobs.a.image',
      'jobs.a.run',
      'jobs.a.steps',
      'jobs.a.command',
    ]);
  });

  it('refuses a document that is no pipeline with one sentence', () => {
    expect(refusedWith('hello')).to.deep.equal([
      ': a pipeline is a map with "kind" and "jobs", but this is the text "hello"',
    ]);
    expect(refusedWith(null)).to.deep.equal([': a pipeline is a map with "kind" and "jobs", but this is empty']);
    expect(refusedWith([])).to.deep.equal([': a pipeline is a map with "kind" and "jobs", but this is a list']);
    expect(refusedWith({})).to.deep.equal([
      'kind: is missing, it must be "Pipeline"',
      'jobs: is missing, it must be a map of jobs by name',
    ]);
    expect(refusedWith({ kind: 'Pipeline', jobs: {} })).to.deep.equal([
      'jobs: is empty, a pipeline has at least one job',
    ]);
    expect(refusedWith({ kind: 'Pipeline', jobs: ['a'] })).to.deep.equal([
      'jobs: must be a map of jobs by name, but is a list',
    ]);
    expect(refusedWith({ kind: 'Pipeline', jobs: { a: 'exit 0' } })).to.deep.equal([
      'jobs.a: must be a map, but is the text "exit 0"',
    ]);
  });

  it('requires exactly one of run, command/args and steps', () => {
    const job = (fields: object): unknown => ({ kind: 'Pipeline', jobs: { a: { image: 'busybox', ...fields } } });
    const step = { name: 's', run: 'exit 0' };
    for (const fields of [
      { run: 'x' },
      { command: ['x'] },
      { args: ['x'] },
      { command: ['x'], args: ['y'] },
      { steps: [step] },
    ])
      accepted(job(fields));
    for (const fields of [
      {},
      { run: 'x', command: ['x'] },
      { run: 'x', args: ['x'] },
      { args: ['x'], steps: [step] },
    ]) {
      expect(refusedWith(job(fields)))
        .to.have.length(1)
        .and.to.match(/exactly one of run, command\/args, steps/);
    }
  });

  it('checks steps: names, images, and that continueOnError has a script', () => {
    const steps = [
      { name: 'one', run: 'x' },
      { name: 'one', image: 'busybox', command: ['x'], continueOnError: true },
      { image: 'busybox', run: 'x', command: ['x'], shel: 'bash' },
    ];
    expect(refusedWith({ kind: 'Pipeline', jobs: { a: { steps } } })).to.have.members([
      'jobs.a.steps[0].image: is missing; name an image here, or on the job for all its steps',
      'jobs.a.steps[1].name: another step of the job has the same name',
      'jobs.a.steps[1].continueOnError: requires "run": a step with "command" cannot continue after an error',
      'jobs.a.steps[2].name: is missing, it must be text',
      'jobs.a.steps[2].shel: unknown field "shel", did you mean "shell"?',
      'jobs.a.steps[2]: must have exactly one of run, command/args, but has run and command/args',
    ]);
  });

  it('checks the limits of runs and jobs: retries, priorities, slots, timeouts', () => {
    const job = { retries: { limit: 101, backoff: { initial: '1', factor: 0.5, max: -1 } }, priority: 101 };
    const found = refused(written({ a: job }, { timeout: 5, priority: -101, maxParallel: 0 }));
    expect(found.map(({ path }) => path)).to.have.members([
      'timeout',
      'priority',
      'maxParallel',
      'jobs.a.retries.limit',
      'jobs.a.retries.backoff.initial',
      'jobs.a.retries.backoff.factor',
      'jobs.a.retries.backoff.max',
      'jobs.a.priority',
    ]);
  });

  it('checks variables: their names, their types, and the limits of Linux', () => {
    const env = {
      '1ST': 'a',
      'with space': 'b',
      CHAINR_RUN: 'c',
      PORT: 80,
      LONG: 'x'.repeat(131_067),
      FITS: 'x'.repeat(131_066),
      EMPTY: null,
    };
    const found = refusedWith(written({ a: { env } }));
    expect(found).to.have.length(6);
    expect(found).to.include('jobs.a.env.CHAINR_RUN: names that begin with CHAINR_ are reserved for chainr');
    expect(found).to.include('jobs.a.env.PORT: must be text, but is the number 80; write it in quotes');
    expect(found).to.include('jobs.a.env.EMPTY: must be text, but is empty; write "" for an empty text');
    expect(found).to.include(
      'jobs.a.env.LONG: is longer than 131071 bytes with its name, the limit of Linux for one variable',
    );
    expect(found.join())
      .to.contain('jobs.a.env["with space"]: the name of a variable')
      .and.to.contain('jobs.a.env.1ST: ');
  });

  it('counts the bytes of a script, not its characters, and of all variables together', () => {
    accepted(written({ a: { run: 'x'.repeat(131_071) } }));
    expect(refusedWith(written({ a: { run: 'é'.repeat(65_536) } })))
      .to.have.length(1)
      .and.to.match(/jobs\.a\.run: is longer than 131071 bytes/);
    const env = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`V${String(index)}`, 'x'.repeat(120_000)]));
    expect(refusedWith(written({ a: {} }, { env })))
      .to.have.length(1)
      .and.to.match(/jobs\.a: needs 10\d{5} bytes .* at most 1048576/);
  });

  it('checks resources, labels, images and workdirs', () => {
    accepted(
      written(
        {
          a: {
            resources: {
              requests: { cpu: 0.5, memory: '1.5Gi', 'nvidia.com/gpu': 1 },
              limits: { 'ephemeral-storage': '1e9' },
            },
          },
        },
        {
          metadata: { name: 'nightly.build', labels: { 'example.com/team': 'A_b.c', empty: '' } },
        },
      ),
    );
    const found = refusedWith(
      written(
        { a: { image: 'busy box', workdir: 'src', resources: { requests: { cpu: '-1', disk: '1Gi' }, limit: {} } } },
        {
          metadata: { name: 'Nightly', labels: { '-team': 'x', team: 'a b' } },
        },
      ),
    );
    expect(found.map((line) => line.split(':')[0])).to.have.members([
      'metadata.name',
      'metadata.labels.-team',
      'metadata.labels.team',
      'jobs.a.image',
      'jobs.a.workdir',
      'jobs.a.resources.requests.cpu',
      'jobs.a.resources.requests.disk',
      'jobs.a.resources.limit',
    ]);
  });
});
