import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { truthTable, type TruthTable } from '../../engine/edges.js';
import { executorKinds } from '../../engine/records.js';
import { reasons, reasonTable, type RetryBudget } from '../../engine/reasons.js';
import { crashLoop, lossBackoffMs } from '../../engine/retries.js';
import { jobStatuses, jobTransitions, runStatuses, runTransitions } from '../../engine/states.js';
import { firstFramesBytes, logPartBytes } from '../redis/keys.js';
import { conditions } from '../../pipeline/conditions.js';
import { rankBase } from '../../pipeline/priorities.js';
import { attemptFlags, backlogTimes, luaFormats, noExitCode, runFlags } from './layout.js';

/** The order matters: what a file uses stands before it. */
const files = [
  ['frame/runs', 'frame/prefetch', 'frame/guard'],
  ['leases', 'slots', 'deadlines', 'ready', 'edges', 'indexes'].map((name) => `shared/${name}`),
  ['append-log', 'create', 'claim', 'finish', 'close'].map((name) => `operations/${name}`),
].flat();

/** Operations that are defined when they are asked for. */
const rare = ['report', 'retry', 'requeue', 'interrupt', 'renew', 'release', 'adopt', 'expire', 'resume', 'redeliver', 'cancel', 'reopen', 'delete']; // prettier-ignore
/** What a rare operation is defined by beside the file of its name. */
const partsOf: Readonly<Record<string, readonly string[]>> = {
  delete: ['shared/removals', 'operations/remove', 'operations/remove-logs'],
};
/** These come with the definition of another one. */
const definedWith = { remove: 'delete', 'remove-logs': 'delete' } as const;

/** Ready marks: ids in one message. */
export const bundleMax = 32;
/** Ready marks: ids of one run in the queue at once. */
const queuedMax = 1000;

/** Bounded calls: how many edges one call resolves. */
const edgesMax = 1000;
/** Likewise: how many of them at a time. */
const edgesPage = 100;
/** Likewise: for how many an edge counts whose dependent becomes ready. */
const readyCost = 3;
/** Likewise: one whose dependent ends with it. */
const endCost = 3;
/** Likewise: how many ready jobs one call hands out where more of them wait. */
export const readyAtOnce = 256;
/** Likewise: how many dependents one call claims with the ends of what they waited for. */
const fusionsMax = 64;

/** In a run's `todo`, in place of a job's index, of which there are at most 10,000: all jobs that are not final. */
const openJobsItem = 0xffff;

/**
 * Likewise: what one call removes of runs and logs, in units of about a microsecond. A part of a log is a
 * megabyte to give back.
 */
const removalsMax = 2000;
/** What a part of a log costs of these. */
const partCost = 80;

/** Works from src and from dist alike. */
const folder = new URL('../../../src/store/lua/', import.meta.url);

export interface Script {
  text: string;
  sha: string;
}

const lua = (name: string): string => readFileSync(new URL(`${name}.lua`, folder), 'utf8');

/** Reads what lists need of many runs; it writes nothing, and is no part of the one script. */
export const readRunsScript = lua('alone/read-runs');

/** Stores what a large run is made of before it is visible; no part of the one script either. */
export const storeBeforeScript = lua('alone/store-before');

/** Reads the time, and takes a jump of the clock out; nor is this. */
export const clockScript = lua('alone/clock');

/**
 * The one script: the frame, the tables of core/engine, and every transition. `table` is another
 * truth table only in the test that shows that each of its cells matters.
 */
export function composeScript(table: TruthTable = truthTable): Script {
  const loaders = rare.map((operation) => {
    const parts = [...(partsOf[operation] ?? []), `operations/${operation}`];
    return `loaders['${operation}'] = function()\n${operation === 'retry' ? retryTables() : ''}${parts.map(lua).join('\n')}end`;
  });
  const others = Object.entries(definedWith).map(([operation, other]) => `loaders['${operation}'] = loaders['${other}']`); // prettier-ignore
  const text = [
    lua('frame/context'),
    prelude(table),
    ...files.map(lua),
    ...loaders,
    ...others,
    lua('frame/flush'),
  ].join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** What the retries alone look up, defined with them. */
function retryTables(): string {
  const ofBudget = (budget: RetryBudget) =>
    reasons.flatMap((reason, code) => (reasonTable[reason].budget === budget ? [`[${String(code)}] = true`] : [])).join(', '); // prettier-ignore
  return [
    `local REASON_NAME = { ${reasons.map((name, code) => `[${String(code)}] = '${name}'`).join(', ')} }`,
    `local INFRASTRUCTURE = { ${ofBudget('infrastructure')} }`,
    `local USERS = { ${ofBudget('user')} }`,
    `local LOSS_BACKOFF_MS = { ${lossBackoffMs.join(', ')} }`,
    '',
  ].join('\n');
}

function prelude(table: TruthTable): string {
  const codes = (names: readonly string[]) => names.map((name, code) => `${name} = ${String(code)}`).join(', ');
  const allowed = (transitions: Readonly<Record<string, readonly string[]>>, names: readonly string[]) =>
    names
      .flatMap((from, code) =>
        (transitions[from] ?? []).map((to) => `[${String(code * statuses + names.indexOf(to))}] = true`),
      )
      .join(', ');
  const statuses = Math.max(jobStatuses.length, runStatuses.length);
  const satisfies = Object.entries(table).map(([ending, row]) => {
    const mask = conditions.reduce((bits, condition, bit) => (row[condition] ? bits | (1 << bit) : bits), 0);
    return `[${String(jobStatuses.indexOf(ending as keyof TruthTable))}] = ${String(mask)}`;
  });
  const { logEnded, closed, timedOut, pendingTimedOut, crashed, deadline, interrupted } = attemptFlags;
  return [
    '-- Made from core/engine and core/store/script/layout.ts.',
    `local JOB = { ${codes(jobStatuses)} }`,
    `local RUN = { ${codes(runStatuses)} }`,
    `local RUN_NAME = { ${runStatuses.map((name, code) => `[${String(code)}] = '${name}'`).join(', ')} }`,
    `local REASON = { ${codes(reasons)} }`,
    `local DEATHS_MAX, SUSPECT_TTLS_MAX = ${String(crashLoop.deathsMax)}, ${String(crashLoop.delayLeasesMax)}`,
    `local KIND = { ${executorKinds.map((kind, code) => `[${String(code)}] = '${kind}'`).join(', ')} }`,
    `local STATUSES = ${String(statuses)}`,
    `local ALLOWED_JOB = { ${allowed(jobTransitions, jobStatuses)} }`,
    `local ALLOWED_RUN = { ${allowed(runTransitions, runStatuses)} }`,
    `local SATISFIES = { ${satisfies.join(', ')} }`,
    `local FORMAT = { row = '${luaFormats.rowHead}', attempt = '${luaFormats.attempt}', state = '${luaFormats.state}' }`,
    `local NO_EXIT, LOG_ENDED, CLOSED = ${[noExitCode, logEnded, closed].join(', ')}`,
    `local TIMED_OUT, PENDING_TIMED_OUT, CRASHED, DEADLINE = ${[timedOut, pendingTimedOut, crashed, deadline].join(', ')}`,
    `local INTERRUPTED = ${String(interrupted)}`,
    `local JOB_PRIORITIES, RUN_TIMEOUT = ${[runFlags.jobPriorities, runFlags.timeout].join(', ')}`,
    `local OPEN_JOBS, BACKLOG_TIMES, RANK_BASE = ${[openJobsItem, backlogTimes, rankBase].join(', ')}`,
    `local BUNDLE_MAX, QUEUED_MAX, EDGES_MAX = ${String(bundleMax)}, ${String(queuedMax)}, ${String(edgesMax)}`,
    `local EDGES_PAGE, READY_COST, END_COST = ${String(edgesPage)}, ${String(readyCost)}, ${String(endCost)}`,
    `local READY_AT_ONCE, FUSIONS_MAX, LOG_PART_BYTES = ${String(readyAtOnce)}, ${String(fusionsMax)}, ${String(logPartBytes)}`,
    `local FIRST_FRAMES_BYTES = ${String(firstFramesBytes)}`,
    `local REMOVALS_MAX, PART_COST = ${String(removalsMax)}, ${String(partCost)}`,
    '',
  ].join('\n');
}
