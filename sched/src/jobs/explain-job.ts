import { ApiError } from '@chainr/core/api/contract/errors';
import type { JobExplanation } from '@chainr/core/api/contract/explanation-resource';
import { routePath } from '@chainr/core/api/contract/route';
import { routes } from '@chainr/core/api/contract/routes';
import type { JobRecord, RunUid } from '@chainr/core/engine/records';
import { dependenciesIn } from '@chainr/core/engine/flat-dependencies';
import type { JobDiagnostics } from '@chainr/core/store/runs/read-job-diagnostics';
import { readStoredPipeline } from '@chainr/core/usecases/read-stored-pipeline';
import type { SchedContext } from '../context.js';
import { explain, type JobSituation } from './explanation.js';
import { findJob, findRun } from '../runs/find-run.js';
import { findSkipChain } from './find-skip-chain.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** The most dependencies of one job that are examined. */
const dependenciesMax = 500;

/** Explains why a job is not running, or why it ended so: collects the facts and puts them into sentences. */
export function explainJob(context: SchedContext) {
  return served(routes.explainJob, async ({ params: { uid, job: name }, response }) => {
    const job = await findJob(context.store, uid, name);
    const situation = await situationOf(context, uid, job);
    const { sentence, facts } = explain(situation);
    const explanation: JobExplanation = {
      kind: 'JobExplanation',
      metadata: { selfLink: routePath(routes.explainJob, { uid, job: name }), run: uid, name },
      status: job.status,
      reason: job.reason,
      sentence,
      facts,
    };
    sendJson(response, 200, explanation);
  });
}

async function situationOf(context: SchedContext, uid: RunUid, job: JobRecord): Promise<JobSituation> {
  const { store } = context;
  const [standing, run, workers, paused, now, attempts] = await Promise.all([
    store.runs.getStanding(uid, job.index),
    findRun(store, uid),
    store.workers.list(),
    store.workers.isPaused(),
    store.work.now(),
    store.runs.listAttempts(uid, job.index),
  ]);
  if (!standing) throw new ApiError('NotFound', `The run has no job ${JSON.stringify(job.name)}.`);
  const [dependencies, skippedBy, slotHolders, aheadInQueue, reused] = await Promise.all([
    dependenciesNeeded(job) ? readDependencies(context, uid, job) : [],
    job.status === 'SKIPPED' ? findSkipChain(store.runs, run, job) : [],
    store.runs.getJobs(uid, standing.slotHolders),
    countAhead(context, run.executorKind, standing),
    job.reason === 'Reused' ? readReused(context, uid, job) : undefined,
  ]);
  return {
    job,
    run,
    standing,
    now,
    attempts,
    dependencies,
    skippedBy,
    slotHolders: slotHolders.map(({ name }) => name),
    workers: workers.filter(({ executor }) => executor === run.executorKind),
    paused,
    ...(aheadInQueue === undefined ? {} : { aheadInQueue }),
    ...(reused && { reused }),
  };
}

const dependenciesNeeded = ({ reason }: JobRecord): boolean =>
  reason === 'WaitingForDependencies' || reason === 'ConditionNotMet' || reason === 'DependencySkipped';

async function readDependencies(context: SchedContext, uid: RunUid, job: JobRecord) {
  const { store } = context;
  const read = await readStoredPipeline(context, uid);
  if (read.kind !== 'read') throw refusalError(read);
  const edges = (dependenciesIn(read.pipeline.dependencies)[job.index] ?? []).slice(0, dependenciesMax);
  const jobs = await store.runs.getJobs(
    uid,
    edges.map(({ index }) => index),
  );
  return edges.flatMap(({ mask }, place) => {
    const dependency = jobs[place];
    return dependency ? [{ job: dependency, mask }] : [];
  });
}

/** The attempt that really ran, and the state of its log: its run may be deleted, or its logs removed. */
async function readReused({ store }: SchedContext, uid: RunUid, job: JobRecord): Promise<JobSituation['reused']> {
  const reused = await store.runs.getReused(uid, job.index);
  if (!reused) return undefined;
  const [run, removedAt] = await Promise.all([store.runs.getRun(reused.run), store.logs.removedAt(reused.run)]);
  return { ...reused, log: !run ? 'gone with its run' : removedAt === undefined ? 'there' : 'removed' };
}

/** The queue is only a hint. If it does not answer, the explanation leaves it out. */
async function countAhead({ queue }: SchedContext, kind: JobSituation['run']['executorKind'], { row }: JobDiagnostics) {
  const message = row.section?.message ?? 0;
  if (row.status !== 'PENDING' || message === 0) return undefined;
  return queue.countAhead(kind, message).catch(() => undefined);
}
