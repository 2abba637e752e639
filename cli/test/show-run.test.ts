import { expect } from 'chai';
import type { Job } from '@chainr/core/api/job-resource';
import { showJob } from '../src/show-run.js';

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
  it('is shown with its attempts, and with outputs where it has any', () => {
    expect(showJob(job, false).join('\n')).not.to.contain('OUTPUT');
    const lines = showJob({ ...job, outputs: { tag: 'v1.2', odd: 'a\u001b[31mb' } }, false);
    expect(lines.slice(-4)).to.deep.equal(['', 'OUTPUT  VALUE', 'tag     v1.2', 'odd     a [31mb']);
  });
});
