import type { JobRecord, RunUid } from '../engine/records.js';
import type { Fact } from '../engine/facts.js';
import type { JobDiagnostics } from '../store/runs/read-job-diagnostics.js';
import type { Store } from '../store/store.js';
import { describeSituation, type DependencyLink, type JobSituation } from './describe-situation.js';
import { findSkipChain } from './find-skip-chain.js';
import { lookUpJob } from './look-up-job.js';
import { noJob, noRun, type Refusal } from './refusal.js';

/** The most dependencies of one job that are examined. */
const dependenciesMax = 500;

/** What it takes to explain. */
interface Explaining {
  store: Pick<Store, 'runs' | 'workers' | 'now' | 'logs'>;
  queue: {
    /** How many messages of a pool are before this one; undefined if it is not waiting any more. */
    countAhead(pool: string, message: number): Promise<number | undefined>;
  };
}

/** The answer in one sentence, and the facts behind it. */
export type Explanation =
  { kind: 'explained'; job: JobRecord; sentence: string; facts: Fact[] } | Refusal<'no-run' | 'no-job'>;

/**
 * Explains why a job is not running, or why it ended so: collects the facts and puts them into sentences.
 *
 * @throws StoreUnavailable
 */
export async function explain(context: Explaining, uid: RunUid, name: string): Promise<Explanation> {
  const found = await lookUpJob(context.store, uid, name);
  if (found.kind !== 'found') return found;
  const { job } = found;
  const situation = await situationOf(context, uid, job);
  if ('kind' in situation) return situation;
  return { kind: 'explained', job, ...describeSituation(situation) };
}

async function situationOf(
  context: Explaining,
  uid: RunUid,
  job: JobRecord,
): Promise<JobSituation | Refusal<'no-run' | 'no-job'>> {
  const { store } = context;
  const [standing, run, workers, paused, now, attempts] = await Promise.all([
    store.runs.getStanding(uid, job.index),
    store.runs.getRun(uid),
    store.workers.list(),
    store.workers.isPaused(),
    store.now(),
    store.runs.listAttempts(uid, job.index),
  ]);
  if (!run) return noRun(uid);
  if (!standing) return noJob(job.name);
  const [dependencies, skippedBy, slotHolders, aheadInQueue, reused] = await Promise.all([
    dependenciesNeeded(job) ? readDependencies(store, uid, job) : [],
    job.status === 'SKIPPED' ? findSkipChain(store.runs, run, job) : [],
    store.runs.getJobs(uid, standing.slotHolders),
    countAhead(context, standing),
    job.reason === 'Reused' ? readReused(context, uid, job) : undefined,
  ]);
  if (!dependencies) return noRun(uid);
  return {
    job,
    run,
    standing,
    now,
    attempts,
    dependencies,
    skippedBy,
    slotHolders: slotHolders.map(({ name }) => name),
    workers: workers.filter(({ pool }) => pool === standing.pool),
    servedPools: [...new Set(workers.map(({ pool }) => pool))].sort(),
    paused,
    ...(aheadInQueue === undefined ? {} : { aheadInQueue }),
    ...(reused && { reused }),
  };
}

const dependenciesNeeded = ({ reason }: JobRecord): boolean =>
  reason === 'WaitingForDependencies' || reason === 'ConditionNotMet' || reason === 'DependencySkipped';

/** In the order of the pipeline; undefined if the run was deleted meanwhile. */
async function readDependencies(
  { runs }: Explaining['store'],
  uid: RunUid,
  job: JobRecord,
): Promise<DependencyLink[] | undefined> {
  const dependencies = await runs.getDependencies(uid);
  if (!dependencies) return undefined;
  const edges = (dependencies[job.index] ?? []).slice(0, dependenciesMax);
  const jobs = await runs.getJobs(
    uid,
    edges.map(({ index }) => index),
  );
  return edges.flatMap(({ mask }, place) => {
    const dependency = jobs[place];
    return dependency ? [{ job: dependency, mask }] : [];
  });
}

/** The attempt that really ran, and the state of its log: its run may be deleted, or its logs removed. */
async function readReused({ store }: Explaining, uid: RunUid, job: JobRecord): Promise<JobSituation['reused']> {
  const reused = await store.runs.getReused(uid, job.index);
  if (!reused) return undefined;
  const [run, { removedAt }] = await Promise.all([store.runs.getRun(reused.run), store.logs.places(reused.run)]);
  return { ...reused, log: !run ? 'gone with its run' : removedAt === undefined ? 'there' : 'removed' };
}

/** The queue is only a hint. If it does not answer, the explanation leaves it out. */
async function countAhead({ queue }: Explaining, { row, pool }: JobDiagnostics) {
  const message = row.section?.message ?? 0;
  if (row.status !== 'PENDING' || message === 0) return undefined;
  return queue.countAhead(pool, message).catch(() => undefined);
}
