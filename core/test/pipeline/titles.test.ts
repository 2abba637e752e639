import { expect } from 'chai';
import { checkPipeline } from '../../src/pipeline/checks/check-pipeline.js';
import { parsePipelineText } from '../../src/pipeline/reading/parse-pipeline.js';
import { resolveSteps } from '../../src/pipeline/steps.js';
import { jobPlan } from '../../src/pipeline/pipeline.js';
import { accepted, refusedWith, written } from './build-pipeline.js';

describe('titles', () => {
  it('are kept on the pipeline, its jobs and their steps', () => {
    const { title, jobs } = accepted(
      written(
        {
          plain: { title: 'Größe & "Maß" \u{1f600}' },
          stepped: { run: undefined, title: 'Two steps', steps: [{ name: 'one', title: 'First', run: 'exit 0' }] },
          none: {},
        },
        { title: 'Nightly build' },
      ),
    );
    expect(title).to.equal('Nightly build');
    expect(jobs.map((job) => job.title)).to.deep.equal(['Größe & "Maß" \u{1f600}', 'Two steps', undefined]);
    expect(jobs.map(({ steps }) => steps[0]?.title)).to.deep.equal([undefined, 'First', undefined]);
    expect(jobs[2]).not.to.have.property('title');
  });

  it('are not part of what an executor runs', () => {
    const [job] = accepted(
      written({ stepped: { run: undefined, title: 'T', steps: [{ name: 'one', title: 'First', run: 'exit 0' }] } }),
    ).jobs;
    if (!job) throw new Error('the pipeline has no job');
    expect(jobPlan(job).title).to.equal('T');
    expect(resolveSteps(job)[0]).not.to.have.property('title');
  });

  it('have up to 200 characters, none of them a control character', () => {
    accepted(written({ longest: { title: 'x'.repeat(200) } }));
    expect(
      refusedWith(
        written(
          {
            long: { title: 'x'.repeat(201) },
            lines: { title: 'one\ntwo' },
            number: { title: 7 },
            stepped: { run: undefined, steps: [{ name: 'one', title: 'a\u001b[1m', run: 'exit 0' }] },
          },
          { title: '' },
        ),
      ),
    ).to.deep.equal([
      'title: is empty',
      'jobs.long.title: is longer than 200 characters',
      'jobs.lines.title: must be text on one line, without control characters',
      'jobs.number.title: must be text, but is the number 7; write it in quotes',
      'jobs.stepped.steps[0].title: must be text on one line, without control characters',
    ]);
  });
});

describe('fields that begin with x-', () => {
  const many = Array.from({ length: 500 }, (_, at) => at);

  it('are ignored on the pipeline, its jobs and their steps, whatever their value', () => {
    const plain = { run: undefined, steps: [{ name: 'one', run: 'exit 0' }] };
    const extended = {
      ...plain,
      'x-owner': null,
      steps: [{ name: 'one', run: 'exit 0', 'x-': many, 'x-note': { deep: [{ run: 1 }] } }],
    };
    expect(accepted(written({ job: extended }, { 'x-any': many, 'x-map': { jobs: {} } }))).to.deep.equal(
      accepted(written({ job: plain })),
    );
  });

  it('are a place for YAML anchors', () => {
    const text = [
      'kind: Pipeline',
      'x-base: &base { image: busybox, env: { A: "1" }, x-note: any }',
      'jobs:',
      '  one: { <<: *base, run: exit 0 }',
      '  two: { <<: *base, image: alpine, run: exit 0 }',
    ].join('\n');
    const { jobs } = accepted(parsePipelineText(text, 'application/yaml'));
    expect(jobs.map(({ env, steps }) => [env, steps[0]?.image])).to.deep.equal([
      [{ A: '1' }, 'busybox'],
      [{ A: '1' }, 'alpine'],
    ]);
  });

  it('have their normal meaning elsewhere, and are refused where a name must not begin so', () => {
    expect(accepted(written({ 'x-job': {} }, { metadata: { labels: { 'x-team': 'a' } } })).jobs[0]?.name).to.equal(
      'x-job',
    );
    const places = refusedWith(
      written({
        env: { env: { 'x-a': '1' } },
        retries: { retries: { limit: 1, 'x-b': 1 } },
        dependency: { dependsOn: [{ job: 'env', 'x-c': 1 }] },
      }),
    ).map((line) => line.split(':')[0]);
    expect(places).to.deep.equal(['jobs.env.env.x-a', 'jobs.retries.retries.x-b', 'jobs.dependency.dependsOn[0].x-c']);
    expect(checkPipeline(written({ job: { x: 1 } }))).to.have.property('mistakes');
  });
});
