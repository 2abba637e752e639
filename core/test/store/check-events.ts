import { expect } from 'chai';
import type { ChainrEvent, JobRecord, RunRecord } from '../../src/model/records.js';
import type { Driven } from './drive-at-random.js';
import { satisfied, type Ending, type ModelJob } from './reference-model.js';

const follows: Record<string, readonly string[]> = {
  PENDING: ['RUNNING', 'SKIPPED', 'CANCELED'],
  RUNNING: ['SUCCESSFUL', 'FAILED', 'CANCELED', 'PENDING'],
};

/**
 * Reads a run's events as a client would, from nothing (invariants I5 and I6): each change once and
 * in order, no job RUNNING before its edges are satisfied, and at the end exactly what is stored.
 * @param names of the jobs, by their place in `jobs`.
 */
export function checkEvents(
  events: readonly ChainrEvent[],
  {
    jobs,
    names,
    run,
    stored,
    claims,
  }: {
    jobs: readonly ModelJob[];
    names: readonly string[];
    run: RunRecord;
    stored: readonly JobRecord[];
    claims: Driven['claims'];
  },
): void {
  expect(events[0]).to.include({ kind: 'run.created', jobCount: jobs.length });
  const last = events.at(-1);
  expect(last).to.include({ kind: 'run.status', status: run.status });
  const runStatuses = events.flatMap((event) => (event.kind === 'run.status' ? [event.status] : []));
  expect(runStatuses).to.eql(['RUNNING', run.status]);

  const status = new Map(names.map((name) => [name, 'PENDING']));
  let started = 0;
  for (const event of events) {
    if (event.kind !== 'job.status') continue;
    const before = status.get(event.job) ?? '';
    expect(follows[before] ?? [], `${event.job} after ${before}`).to.include(event.status);
    status.set(event.job, event.status);
    if (event.status !== 'RUNNING') continue;
    started += 1;
    const { needs } = jobs[names.indexOf(event.job)]!;
    for (const need of needs) {
      const ending = status.get(names[need.on]!) as Ending | 'PENDING' | 'RUNNING';
      const open = ending === 'PENDING' || ending === 'RUNNING';
      expect(!open && satisfied(need, ending), `${event.job} started while ${names[need.on]!} was ${ending}`).to.be
        .true;
    }
  }
  expect(started).to.equal([...claims.values()].reduce((sum, count) => sum + count, 0));
  for (const { name, status: now } of stored) expect(now, name).to.equal(status.get(name));
}
