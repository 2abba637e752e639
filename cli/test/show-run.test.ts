import { expect } from 'chai';
import type { Job } from '@chainr/core/api/contract/job-resource';
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

  it('is shown with its attempts, and with its outputs if it has any', () => {
    expect(showJob(job, paper).join('\n')).not.to.contain('OUTPUT');
    const lines = showJob({ ...job, outputs: { tag: 'v1.2', odd: 'a\u001b[31mb' } }, paper);
    expect(lines.slice(-4)).to.deep.equal(['', 'OUTPUT  VALUE', 'tag     v1.2', 'odd     a [31mb']);
  });
});
