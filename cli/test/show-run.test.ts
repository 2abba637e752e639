import { expect } from 'chai';
import type { Job } from '@chainr/core/api/contract/job-resource';
import { describeJob } from '../src/views/describe-job.js';
import { showJob } from '../src/views/show-run.js';

const paper = { colors: false, unicode: true };
const job: Job = {
  kind: 'Job',
  metadata: { selfLink: '/api/runs/run-1/jobs/build', run: 'run-1', name: 'build' },
  status: 'SUCCESSFUL',
  reason: 'Completed',
  message: 'Ended with exit code 0.',
  attempts: [
    {
      attempt: 1,
      status: 'SUCCESSFUL',
      reason: 'Completed',
      message: 'Ended with exit code 0.',
      exitCode: 0,
      phases: {},
    },
  ],
};

describe('a job in the terminal', () => {
  it('is shown with the steps of its last attempt if it has several', () => {
    const [attempt] = job.attempts;
    const steps = [
      { name: 'lint', exitCode: 4, tolerated: true, startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:02.000Z' }, // prettier-ignore
      { name: 'pack', exitCode: 0 },
    ];
    expect(showJob({ ...job, attempts: [{ ...attempt!, steps }] }, paper).slice(-4)).to.deep.equal([
      '',
      'STEP  EXIT           DURATION',
      'lint  4 (tolerated)  2.0s',
      'pack  0              -',
    ]);
    expect(showJob({ ...job, attempts: [{ ...attempt!, steps: steps.slice(1) }] }, paper).join()).not.to.contain(
      'STEP',
    );
    const titled = steps.map((step, at) => (at === 0 ? { ...step, title: 'Look for slips' } : step));
    expect(showJob({ ...job, attempts: [{ ...attempt!, steps: titled }] }, paper).slice(-3)).to.deep.equal([
      'STEP  EXIT           DURATION  TITLE',
      'lint  4 (tolerated)  2.0s      Look for slips',
      'pack  0              -',
    ]);
  });

  it('is shown with the pod and the node of its last attempt, and described with all that is known of them', () => {
    const [attempt] = job.attempts;
    const first = { pod: 'ns/first', containers: [], events: [], eventsMissing: 'no right.' };
    const second = {
      pod: 'ns/second',
      node: 'node1',
      containers: [{ name: 'main', image: 'busybox', imageId: 'busybox@sha256:12', state: 'exit code 1', restarts: 2 }],
      events: [
        { time: '2026-01-01T00:00:00.000Z', type: 'Warning' as const, reason: 'Failed', message: 'so\u001b', count: 3 },
      ],
    };
    const attempts = [first, second].map((runtime, at) => ({ ...attempt!, attempt: at + 1, runtime }));
    const shown = showJob({ ...job, attempts }, paper);
    expect(shown.slice(4, 6)).to.deep.equal(['Pod     ns/second', 'Node    node1']);
    expect(describeJob({ ...job, attempts }, paper).slice(shown.length)).to.deep.equal([
      '',
      'Attempt 1: pod ns/first',
      '',
      'Events are missing: no right.',
      '',
      'Attempt 2: pod ns/second on node1',
      'CONTAINER  STATE        RESTARTS  IMAGE    IMAGE ID',
      'main       exit code 1  2         busybox  busybox@sha256:12',
      '',
      'LAST SEEN                 TYPE     EVENT        MESSAGE',
      '2026-01-01T00:00:00.000Z  Warning  Failed (x3)  so',
    ]);
  });

  it('is shown with its attempts, and with its outputs if it has any', () => {
    expect(showJob(job, paper).join('\n')).not.to.contain('OUTPUT');
    const lines = showJob({ ...job, outputs: { tag: 'v1.2', odd: 'a\u001b[31mb' } }, paper);
    expect(lines.slice(-4)).to.deep.equal(['', 'OUTPUT  VALUE', 'tag     v1.2', 'odd     a [31mb']);
  });
});
