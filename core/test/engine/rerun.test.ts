import { expect } from 'chai';
import { dependenciesOf, pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { planRerun, type RerunFrom } from '../../src/engine/rerun.js';
import type { Reason } from '../../src/engine/reasons.js';
import type { JobStatus } from '../../src/engine/states.js';

const reasonOf: Record<JobStatus, Reason> = {
  PENDING: 'Queued',
  RUNNING: 'Executing',
  SUCCESSFUL: 'Completed',
  FAILED: 'ExitCode',
  SKIPPED: 'ConditionNotMet',
  CANCELED: 'CanceledByUser',
};

/** The initial states of the jobs of a rerun, or why it is refused. */
function plan(
  jobs: Record<string, JobShape>,
  statuses: Record<string, JobStatus>,
  from: RerunFrom,
  never: readonly number[] = [],
) {
  const pipeline = pipelineOf(jobs);
  const records = pipeline.jobs.map(({ name }, index) => {
    const status = statuses[name] ?? 'SUCCESSFUL';
    return { index, name, status, reason: reasonOf[status], message: '', attempt: 1 };
  });
  const planned = planRerun(dependenciesOf(pipeline), records, from, never);
  if (planned.kind !== 'planned') return planned.message;
  return Object.fromEntries(
    planned.standings.map(({ status, reason, unsatisfied }, index) => [
      pipeline.jobs[index]?.name ?? '',
      status === 'PENDING' ? `waits for ${String(unsatisfied)}` : `${status} ${reason}`,
    ]),
  );
}

const onFailure = (job: string) => [{ job, conditions: { failure: true } }];

describe('a rerun (see Reruns)', () => {
  const chain = { a: [], b: ['a'], c: ['b'], side: [] };

  it('of failed jobs reuses the rest, and reruns all dependents', () => {
    expect(plan(chain, { b: 'FAILED', c: 'SKIPPED' }, 'failed')).to.deep.equal({
      a: 'SUCCESSFUL Reused',
      b: 'waits for 0',
      c: 'waits for 1',
      side: 'SUCCESSFUL Reused',
    });
  });

  it('reuses no job with rerun: always, nor what depends on it', () => {
    const jobs = { up: [], use: ['up'], fails: [], other: [] };
    expect(plan(jobs, { fails: 'FAILED' }, 'failed', [0])).to.deep.equal({
      up: 'waits for 0',
      use: 'waits for 1',
      fails: 'waits for 0',
      other: 'SUCCESSFUL Reused',
    });
    expect(plan(jobs, { fails: 'FAILED' }, ['fails', 'use'], [0])).to.include({
      up: 'waits for 0',
      use: 'waits for 1',
    });
    expect(plan(jobs, {}, 'failed', [0])).to.match(/^No job of the run FAILED/);
  });

  it('counts canceled jobs as failed', () => {
    expect(plan(chain, { b: 'CANCELED', c: 'CANCELED' }, 'failed')).to.include({
      a: 'SUCCESSFUL Reused',
      b: 'waits for 0',
    });
  });

  it('of all jobs reuses nothing', () => {
    expect(plan(chain, {}, 'all')).to.deep.equal({
      a: 'waits for 0',
      b: 'waits for 1',
      c: 'waits for 1',
      side: 'waits for 0',
    });
  });

  it('of chosen jobs runs these and their dependents', () => {
    expect(plan(chain, {}, ['b'])).to.include({ a: 'SUCCESSFUL Reused', b: 'waits for 0', c: 'waits for 1' });
  });

  it('evaluates the edges again: jobs that do not fit the reused ones are skipped at once, with their dependents', () => {
    const jobs = { a: [], 'on-failure': onFailure('a'), after: ['on-failure'], either: ['b'], b: [] };
    const found = plan(
      jobs,
      { 'on-failure': 'CANCELED', after: 'CANCELED', b: 'FAILED', either: 'CANCELED' },
      'failed',
    );
    expect(found).to.deep.equal({
      a: 'SUCCESSFUL Reused',
      'on-failure': 'SKIPPED ConditionNotMet',
      after: 'SKIPPED DependencySkipped',
      either: 'waits for 1',
      b: 'waits for 0',
    });
  });

  it('reuses skipped jobs, with their reasons', () => {
    const jobs = { a: [], 'on-failure': onFailure('a'), b: [] };
    expect(plan(jobs, { 'on-failure': 'SKIPPED', b: 'FAILED' }, 'failed')).to.include({
      'on-failure': 'SKIPPED ConditionNotMet',
    });
  });

  it('is refused if nothing failed, nothing would run, or a job cannot be reused', () => {
    expect(plan(chain, {}, 'failed')).to.match(/No job of the run FAILED/);
    expect(plan({ a: [], b: onFailure('a') }, { b: 'SKIPPED' }, ['b'])).to.match(/Nothing would run/);
    expect(plan(chain, { side: 'FAILED' }, ['b'])).to.match(/"side" is FAILED.*run it again too/);
    expect(plan(chain, { side: 'RUNNING' }, ['b'])).to.match(/"side" is RUNNING.*wait for its end/);
  });
});
