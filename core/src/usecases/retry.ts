import { setTimeout as pause } from 'node:timers/promises';
import type { JobRecord, RunUid } from '../engine/records.js';
import { transitiveDependents, type Dependencies } from '../engine/transitive-dependents.js';
import type { Dependent, ReopenReply } from '../store/script/transition-types.js';
import type { Store } from '../store/store.js';
import { lookUpJob } from './look-up-job.js';
import { noRun, type Refusal } from './refusal.js';

/** What one script may examine (see Bounded calls). */
const dependentsMax = 1_000;
/** How often to try while the failed attempt is not yet closed, which happens soon after its end. */
const busyTries = 20;
/** The pause between these tries. */
const busyPauseMs = 100;

/**
 * `ended`: the run has ended, or is being ended; `not-failed`: the job is not FAILED; `dependents-begun`: a job that
 * waited for it has begun; `too-many-dependents`: more jobs wait for it than can be taken back.
 */
export type Retrying =
  | { kind: 'retried'; jobIndex: number; attempt: number }
  | Refusal<'no-run' | 'no-job' | 'ended' | 'not-failed' | 'log-open' | 'dependents-begun' | 'too-many-dependents'>;

/**
 * FAILED → PENDING by hand, with a new attempt (see Retry by hand). Waits up to two seconds for the log of the failed
 * attempt.
 *
 * @throws StoreUnavailable: the job may or may not have been reopened
 */
export async function retry(
  { store }: { store: Pick<Store, 'runs' | 'transitions'> },
  uid: RunUid,
  name: string,
): Promise<Retrying> {
  const found = await lookUpJob(store, uid, name);
  if (found.kind !== 'found') return found;
  const { job } = found;
  const dependencies = await store.runs.getDependencies(uid);
  if (!dependencies) return noRun(uid);
  const dependents = dependentsOf(dependencies, job);
  if (dependents.length > dependentsMax) {
    const sentence = `More than ${String(dependentsMax)} jobs wait for "${name}"`;
    const message = `${sentence}, too many to reset: ${rerunInstead(name)}`;
    return { kind: 'too-many-dependents', message };
  }
  const reply = await reopen(store, uid, job.index, dependents);
  if (reply.kind === 'ok') return { kind: 'retried', jobIndex: job.index, attempt: reply.attempt };
  const [begun] = reply.kind === 'claimed' ? await store.runs.getJobs(uid, [reply.index]) : [];
  return refusalOf(reply, uid, job, begun);
}

function dependentsOf(dependencies: readonly Dependencies[], { index }: JobRecord): Dependent[] {
  const dependents = transitiveDependents(dependencies, [index]);
  return dependents.map((each) => ({ index: each, dependencies: dependencies[each] ?? [] }));
}

async function reopen(
  { transitions }: Pick<Store, 'transitions'>,
  uid: RunUid,
  index: number,
  dependents: readonly Dependent[],
): Promise<ReopenReply> {
  for (let tries = 1; ; tries += 1) {
    const reply = await transitions.reopen(uid, index, dependents);
    if (reply.kind !== 'busy' || tries === busyTries) return reply;
    await transitions.resume(uid);
    await pause(busyPauseMs);
  }
}

const rerunInstead = (name: string): string => `rerun the run from "${name}" instead.`;

function refusalOf(
  reply: Exclude<ReopenReply, { kind: 'ok' }>,
  uid: RunUid,
  { name, status }: JobRecord,
  begun: JobRecord | undefined,
): Exclude<Retrying, { kind: 'retried' }> {
  switch (reply.kind) {
    case 'gone':
      return noRun(uid);
    case 'final':
      return { kind: 'ended', message: `The run has ended and cannot change any more: ${rerunInstead(name)}` };
    case 'ending':
      return { kind: 'ended', message: `The run is ending: ${rerunInstead(name)}` };
    case 'status':
      return { kind: 'not-failed', message: `The job "${name}" is ${status}; only a FAILED job can be retried.` };
    case 'busy':
      return { kind: 'log-open', message: `The log of "${name}" is still being stored; try again in a moment.` };
    case 'claimed': {
      if (!begun) return noRun(uid); // It was deleted meanwhile.
      const message = `The job "${begun.name}" depends on "${name}" and has already started: ${rerunInstead(name)}`;
      return { kind: 'dependents-begun', message };
    }
  }
}
