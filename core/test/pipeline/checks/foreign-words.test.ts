import { expect } from 'chai';
import { parsePipelineText } from '../../../src/pipeline/reading/parse-pipeline.js';
import { refusedWith, written } from '../build-pipeline.js';

const readYaml = (lines: readonly string[]): unknown => parsePipelineText(lines.join('\n'), 'application/yaml');

describe('the words of other systems', () => {
  it('are refused at their place, with the field of chainr', () => {
    const found = refusedWith(
      readYaml([
        'kind: Pipeline',
        'stages: [build, test]',
        'jobs:',
        '  build: { image: busybox, script: [make], stage: build }',
        '  test: { image: busybox, run: make test, needs: [build], if: always() }',
        '  lint: { image: busybox, commands: [make lint], depends: [build], when: manual }',
      ]),
    );
    const dependsOn = 'write the jobs to wait for as dependsOn: [build]';
    const run = 'write the shell script as run: make test, with several lines below run: |';
    const conditions =
      'a job runs by how its dependencies end: dependsOn: [{ job: build, conditions: { failure: true } }]; test anything else in the script of "run"';
    const stage = 'there are no stages: order jobs with dependsOn: [build]';
    expect(found).to.have.members([
      `stages: unknown field "stages"; ${stage}`,
      `jobs.build.script: unknown field "script"; ${run}`,
      `jobs.build.stage: unknown field "stage"; ${stage}`,
      'jobs.build: must have exactly one of run, command/args, steps, but has none',
      `jobs.test.needs: unknown field "needs"; ${dependsOn}`,
      `jobs.test.if: unknown field "if"; ${conditions}`,
      `jobs.lint.commands: unknown field "commands"; ${run}`,
      `jobs.lint.depends: unknown field "depends"; ${dependsOn}`,
      `jobs.lint.when: unknown field "when"; ${conditions}`,
      'jobs.lint: must have exactly one of run, command/args, steps, but has none',
    ]);
  });

  it('get another hint on a step, which waits for the step before it', () => {
    const steps = [
      { name: 'one', script: 'make', when: 'manual' },
      { name: 'two', run: 'make', needs: ['one'], dependsOn: ['one'], if: 'failure()' },
    ];
    const order = 'steps run one after the other; jobs wait for other jobs with dependsOn';
    const conditions = 'steps have no conditions: test it in the script of "run", or use a job with dependsOn';
    expect(refusedWith(written({ job: { run: undefined, steps } }))).to.include.members([
      `jobs.job.steps[0].when: unknown field "when"; ${conditions}`,
      `jobs.job.steps[1].needs: unknown field "needs"; ${order}`,
      `jobs.job.steps[1].dependsOn: unknown field "dependsOn"; ${order}`,
      `jobs.job.steps[1].if: unknown field "if"; ${conditions}`,
    ]);
  });

  it('do not hide suggestions for typing mistakes', () => {
    expect(refusedWith(written({ job: { needz: [], dependOn: [], toString: 1 } }))).to.have.members([
      'jobs.job.needz: unknown field "needz"',
      'jobs.job.dependOn: unknown field "dependOn", did you mean "dependsOn"?',
      'jobs.job.toString: unknown field "toString"',
    ]);
  });

  it('say how to write a list if there is one job instead', () => {
    expect(
      refusedWith(
        written({
          build: {},
          text: { dependsOn: 'build' },
          odd: { dependsOn: 'a, b' },
          map: { dependsOn: { job: 'build' } },
          nothing: { dependsOn: null },
        }),
      ),
    ).to.deep.equal([
      'jobs.text.dependsOn: must be a list of jobs, but is the text "build"; write dependsOn: [build]',
      'jobs.odd.dependsOn: must be a list of jobs, but is the text "a, b"; write dependsOn: ["a, b"]',
      'jobs.map.dependsOn: must be a list of jobs, but is a map; write dependsOn: [build]',
      'jobs.nothing.dependsOn: must be a list of jobs, but is empty; write dependsOn: [build]',
    ]);
  });
});
