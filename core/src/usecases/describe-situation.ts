import type { Fact } from '../engine/facts.js';
import { formatRoundedDuration } from '../pipeline/duration.js';
import { isSatisfied, type Ending } from '../engine/edges.js';
import { conditions, type ConditionMask } from '../pipeline/conditions.js';
import type { AttemptRecord, JobRecord, ReusedAttempt, RunRecord } from '../engine/records.js';
import { isFinalJob } from '../engine/states.js';
import type { JobDiagnostics } from '../store/runs/read-job-diagnostics.js';
import type { KnownWorker } from '../store/work/worker-registry.js';

/** All facts on which an explanation may rest. */
export interface JobSituation {
  job: JobRecord;
  run: RunRecord;
  standing: JobDiagnostics;
  /** By the clock of Redis, in ms since 1970. */
  now: number;
  attempts: readonly AttemptRecord[];
  /** Its dependencies and their conditions; only if they explain something. */
  dependencies: readonly DependencyLink[];
  /**
   * For a skipped job: the dependency that caused the skip, then what caused that one's, up to the first job that was
   * not skipped.
   */
  skippedBy: readonly DependencyLink[];
  slotHolders: readonly string[];
  /** Of the job's pool. */
  workers: readonly KnownWorker[];
  /** All pools that have workers. */
  servedPools: readonly string[];
  paused: boolean;
  /** How many messages are before the one with the job; absent if a worker has it, or it is on its way. */
  aheadInQueue?: number;
  reused?: ReusedAttempt & { log: 'there' | 'gone with its run' | 'removed' };
}

/** A job, and the conditions by which the next one depends on it. */
export interface DependencyLink {
  job: JobRecord;
  mask: ConditionMask;
}

export interface SituationText {
  sentence: string;
  facts: Fact[];
}

/** The most names in a sentence. */
const namesShown = 5;
/** The most warnings shown. */
const warningsShown = 5;
/** The most links shown of a chain of skipped jobs. */
const linksShown = 20;

/** Why the job is not running, or why it ended so, in sentences. */
export function describeSituation(situation: JobSituation): SituationText {
  const { sentence, facts } = explainReason(situation);
  const more = [...runFacts(situation), ...attemptFacts(situation), ...runtimeFacts(situation)];
  return { sentence, facts: [...facts, ...more] };
}

function explainReason(situation: JobSituation): SituationText {
  const { job } = situation;
  switch (job.reason) {
    case 'WaitingForDependencies':
      return explainDependencies(situation);
    case 'ConditionNotMet':
    case 'DependencySkipped':
      return explainSkip(situation);
    case 'WaitingForSlot':
      return explainSlot(situation);
    case 'RetryBackoff':
      return explainBackoff(situation);
    case 'Queued':
    case 'Interrupted':
      return explainQueue(situation);
    case 'Reused':
      return explainReuse(situation);
    default:
      return isFinalJob(job.status) ? explainEnd(situation) : explainPhase(situation);
  }
}

function explainDependencies({ dependencies }: JobSituation): SituationText {
  const open = dependencies.filter(({ job }) => !isFinalJob(job.status));
  const facts = dependencies.map(({ job, mask }): Fact => {
    const done = isFinalJob(job.status) ? 'has met its condition' : 'must still end';
    return fact('dependency', `${job.name} ${done} (${namesOf(mask)}): ${job.status}, ${job.reason}. ${job.message}`);
  });
  const count = open.length === 1 ? 'one job' : `${String(open.length)} jobs`;
  return {
    sentence: `It waits for ${count} to end: ${list(open.map(({ job }) => `${job.name} (${job.reason})`))}.`,
    facts,
  };
}

/** The last of the chain is the root cause; all before it were skipped because of it. */
function explainSkip({ job, dependencies, skippedBy }: JobSituation): SituationText {
  const told = new Set(skippedBy.map((each) => each.job.name));
  const others = dependencies.filter(
    (each) =>
      !told.has(each.job.name) && isFinalJob(each.job.status) && !isSatisfied(each.job.status as Ending, each.mask),
  );
  const root = skippedBy.at(-1);
  const links = skippedBy.map((each, place) => linkFact(each, skippedBy[place - 1]?.job)).reverse();
  const facts = [...links.slice(0, linksShown), ...others.map((each) => linkFact(each))];
  if (!root) return { sentence: job.message, facts };
  const cause = `It was skipped because ${root.job.name} is ${root.job.status} and`;
  const [first, ...between] = skippedBy.slice(0, -1).reverse();
  if (!first) return { sentence: `${cause} it runs only on ${namesOf(root.mask)}.`, facts };
  const way = between.length > 0 ? ` through ${list(between.map((each) => each.job.name).reverse())}` : '';
  return {
    sentence: `${cause} ${first.job.name}, which it depends on${way}, runs only on ${namesOf(root.mask)}.`,
    facts,
  };
}

function linkFact({ job, mask }: DependencyLink, dependent?: JobRecord): Fact {
  const forWhom = dependent ? ` for ${dependent.name}` : '';
  return fact(
    'dependency',
    `${job.name} is ${job.status}, but the condition${forWhom} is ${namesOf(mask)}. ${job.message}`,
  );
}

/** A slot that is not taken is for a job of its pool that is in the queue already. */
function explainSlot(situation: JobSituation): SituationText {
  const { run, standing, workers, servedPools } = situation;
  const { aheadInBacklog = 0, queued, slotsTaken, pool } = standing;
  const ahead = aheadInBacklog + queued;
  const place = ahead === 0 ? '' : `, and ${jobs(ahead)} of the run ${ahead === 1 ? 'is' : 'are'} ahead of it`;
  const served = workers.length > 0 ? '' : `; its pool ${pool} has no worker (${otherPools(servedPools)})`;
  const inQueue = fact('queue', `${jobs(queued)} of the run ${queued === 1 ? 'is' : 'are'} in the queue of the pool ${pool}, and may take the next slots.`); // prettier-ignore
  return {
    sentence: `It waits for a slot: ${String(slotsTaken)} of ${String(run.maxParallel ?? 0)} are taken${place}${served}.`,
    facts: [slotFact(situation), ...(queued === 0 ? [] : [inQueue]), ...workerFacts(situation)],
  };
}

function slotFact({ standing: { slotsTaken }, slotHolders }: JobSituation): Fact {
  const held = slotsTaken === 0 ? 'No slot of the run (maxParallel) is held.' : `The slots of the run (maxParallel) are held by ${list(slotHolders)}.`; // prettier-ignore
  return fact('slots', held);
}

/** Jobs of several pools may be in the queue for one slot. */
const areSlotsTaken = ({ run: { maxParallel = Infinity }, standing }: JobSituation): boolean =>
  standing.slotsTaken >= maxParallel;

function explainBackoff({ standing: { backoffUntil }, job, now }: JobSituation): SituationText {
  if (backoffUntil === undefined) return { sentence: job.message, facts: [] };
  const left = Math.max(0, backoffUntil - now);
  return {
    sentence: `${job.message} Time left: ${formatRoundedDuration(left)}.`,
    facts: [fact('backoff', `The next attempt may start at ${isoTime(backoffUntil)}.`)],
  };
}

function explainQueue(situation: JobSituation): SituationText {
  const { standing, now, aheadInQueue } = situation;
  const since = standing.row.section?.phases.queuedAt;
  const waited = since === undefined ? '' : ` for ${formatRoundedDuration(Math.max(0, now - since))}`;
  const slots = areSlotsTaken(situation) ? [slotFact(situation)] : [];
  const facts = [...queueFacts(situation), ...slots, ...workerFacts(situation)];
  const ahead = aheadInQueue ? `, ${messages(aheadInQueue)} before it in the queue` : '';
  return { sentence: `It has been ready${waited}: ${whyNotTaken(situation)}${ahead}.`, facts };
}

function whyNotTaken(situation: JobSituation): string {
  const { paused, workers, servedPools, standing, run } = situation;
  const taking = workers.filter(({ draining }) => !draining);
  if (paused) return 'chainr is paused and starts no jobs (chainr resume ends the pause)';
  if (workers.length === 0) return `its pool ${standing.pool} has no worker (${otherPools(servedPools)})`;
  if (taking.length === 0) return 'every worker is draining';
  if (areSlotsTaken(situation)) return `all slots of its run are taken (maxParallel is ${String(run.maxParallel)})`;
  if (taking.every(({ running, capacity }) => running >= capacity)) return 'all workers are busy';
  if (standing.aheadInBacklog !== undefined) return `${jobs(standing.aheadInBacklog)} of its run are ahead of it`;
  return 'a worker will take it in a moment';
}

const otherPools = (served: readonly string[]): string =>
  served.length === 0 ? 'no pool has one' : `pools with workers: ${list(served)}`;

function queueFacts({ aheadInQueue, standing }: JobSituation): Fact[] {
  if (standing.aheadInBacklog !== undefined)
    return [fact('queue', `It waits in its run, behind ${jobs(standing.aheadInBacklog)}: a run has at most 1,000 jobs in the queue of a pool.`)]; // prettier-ignore
  if (aheadInQueue === undefined) return [fact('queue', 'A worker has its message, or is about to get it.')];
  return [
    fact(
      'queue',
      `Its message is in the queue of the pool ${standing.pool}, with ${messages(aheadInQueue)} before it.`,
    ),
  ];
}

function workerFacts({ workers, standing: { pool } }: JobSituation): Fact[] {
  if (workers.length === 0)
    return [fact('workers', `No worker serves the pool ${pool}: start one with CHAINR_POOL=${pool}, or name another pool.`)]; // prettier-ignore
  const capacity = workers.reduce((sum, worker) => sum + (worker.draining ? 0 : worker.capacity), 0);
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const draining = workers.filter((worker) => worker.draining).length;
  const drained = draining === 0 ? '' : `, ${String(draining)} of them draining`;
  const count = workers.length === 1 ? '1 worker' : `${String(workers.length)} workers`;
  const text = `${count} in the pool ${pool}${drained}: ${String(running)} attempts held (including ended ones that are not closed yet), and ${String(capacity)} places.`;
  return [fact('workers', text)];
}

function explainReuse({ reused, job }: JobSituation): SituationText {
  if (!reused) return { sentence: job.message, facts: [] };
  const log = {
    there: 'its log is still stored',
    'gone with its run': 'that run was deleted together with its log',
    removed: 'the logs of that run were removed',
  }[reused.log];
  const text = `Attempt ${String(reused.attempt)} of the run ${reused.run} ran it; ${log}.`;
  return { sentence: job.message, facts: [fact('outcome', text)] };
}

function explainPhase({ job, standing, attempts, now }: JobSituation): SituationText {
  const { phases, executorId } = attempts.at(-1) ?? {};
  const since = phases?.startedAt ?? phases?.claimedAt;
  const facts: Fact[] = [];
  if (phases?.claimedAt !== undefined)
    facts.push(fact('phase', `A worker claimed it at ${isoTime(phases.claimedAt)}.`));
  if (phases?.startedAt !== undefined) facts.push(fact('phase', `It has been running since ${isoTime(phases.startedAt)}.`)); // prettier-ignore
  if (executorId !== undefined) facts.push(fact('phase', `It runs on ${executorId}.`));
  if (standing.pendingTimeoutAt !== undefined)
    facts.push(fact('deadline', `It must have started by ${isoTime(standing.pendingTimeoutAt)} (pendingTimeout).`));
  if (standing.timeoutAt !== undefined)
    facts.push(fact('deadline', `It must have ended by ${isoTime(standing.timeoutAt)} (timeout).`));
  const lasted = since === undefined ? '' : ` (${formatRoundedDuration(Math.max(0, now - since))})`;
  return { sentence: `${job.message.replace(/\.$/, '')}${lasted}.`, facts };
}

function explainEnd(situation: JobSituation): SituationText {
  const { job, attempts } = situation;
  const last = attempts.at(-1);
  if (!endedInAttempt(situation)) {
    if (last?.status !== 'FAILED') return { sentence: job.message, facts: [] };
    const before = `attempt ${String(last.attempt)} was FAILED, ${last.reason}: ${last.message}`;
    return { sentence: `${job.message} It was waiting to start again; ${before}`, facts: [] };
  }
  const facts: Fact[] = [];
  if (last?.exitCode !== undefined) facts.push(fact('outcome', `Exit code ${String(last.exitCode)}.`));
  const failed = last?.steps?.find(({ exitCode, tolerated }) => exitCode !== 0 && tolerated !== true);
  if (failed && failed.name !== 'main') {
    const code = failed.exitCode === undefined ? 'without an exit code' : `with exit code ${String(failed.exitCode)}`;
    facts.push(fact('outcome', `The step ${failed.name} ended ${code}.`));
  }
  return { sentence: job.message, facts };
}

/** Whether the status is that of the last attempt. A wait that was given up has no status of its own. */
const endedInAttempt = ({ standing: { row } }: JobSituation): boolean => row.section?.phases.claimedAt !== undefined;

function attemptFacts(situation: JobSituation): Fact[] {
  const { attempts, job } = situation;
  const earlier = attempts.filter(({ attempt }) => attempt < job.attempt || !endedInAttempt(situation));
  return earlier.map(({ attempt, status, reason, message }) =>
    // An interrupted attempt has no end status of its own, only PENDING, which is that of the job that starts again.
    fact(
      'attempts',
      `Attempt ${String(attempt)} was ${status === 'PENDING' ? '' : `${status}, `}${reason}: ${message}`,
    ),
  );
}

/** Where the last attempt ran that told, and what went wrong there. */
function runtimeFacts({ attempts }: JobSituation): Fact[] {
  const last = attempts.findLast(({ runtime }) => runtime !== undefined);
  if (!last?.runtime) return [];
  const { pod, node, containers, events, eventsMissing } = last.runtime;
  const warnings = events.filter(({ type }) => type === 'Warning').slice(-warningsShown);
  const restarted = containers.filter(({ restarts = 0 }) => restarts > 0);
  return [
    fact('runtime', `Attempt ${String(last.attempt)} ran as the pod ${pod}${node === undefined ? '' : ` on ${node}`}.`),
    ...restarted.map(({ name, restarts = 0 }) =>
      fact(
        'runtime',
        `The container ${name} was started again ${restarts === 1 ? 'once' : `${String(restarts)} times`}.`,
      ),
    ),
    ...warnings.map(({ reason, message, count = 1, time }) =>
      fact('runtime', `${isoTime(time)} ${reason}${count > 1 ? ` (${String(count)} times)` : ''}: ${message}`),
    ),
    ...(eventsMissing === undefined ? [] : [fact('runtime', `The events of the pod are missing: ${eventsMissing}`)]),
  ];
}

function runFacts({ run, job }: JobSituation): Fact[] {
  // A job with another end had it before the run was to end.
  if (isFinalJob(job.status) && job.status !== 'CANCELED') return [];
  if (run.cancelRequestedAt !== undefined)
    return [fact('run', `A cancel of the run was requested at ${isoTime(run.cancelRequestedAt)}.`)];
  if (run.timedOutAt !== undefined)
    return [fact('run', `The timeout of the run passed at ${isoTime(run.timedOutAt)}.`)];
  if (!isFinalJob(job.status) && run.timeoutMs !== undefined)
    return [fact('run', `The run must have ended by ${isoTime(run.createdAt + run.timeoutMs)} (timeout of the run).`)];
  return [];
}

/** ISO 8601 in UTC with milliseconds, as everywhere in the API. */
const isoTime = (ms: number): string => new Date(ms).toISOString();

const fact = (kind: Fact['kind'], text: string): Fact => ({ kind, text });

const jobs = (count: number): string => (count === 1 ? '1 job' : `${String(count)} jobs`);

const messages = (count: number): string =>
  count === 0 ? 'no message' : count === 1 ? '1 message' : `${String(count)} messages`;

const namesOf = (mask: ConditionMask): string => conditions.filter((_, bit) => (mask & (1 << bit)) !== 0).join(' or ');

function list(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${String(names.length - namesShown)} more` : shown;
}
