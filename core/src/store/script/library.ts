import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { truthTable, type TruthTable } from '../../engine/edges.js';
import { reasons, reasonTable, type RetryBudget } from '../../engine/reasons.js';
import { crashLoop, lossBackoffMs } from '../../engine/retries.js';
import { jobStatuses, jobTransitions, runStatuses, runTransitions } from '../../engine/states.js';
import { firstFramesBytes, logPartBytes } from '../redis/keys.js';
import { conditions } from '../../pipeline/conditions.js';
import { durationUnits } from '../../pipeline/duration.js';
import { rankBase } from '../../pipeline/priorities.js';
import { offsetsOf, rowFields } from './fields.js';
import { attemptFlags, backlogTimes, noExitCode, runFlags } from './layout.js';
import { luaRecords } from './lua-records.js';
import { luaArguments } from './operations.js';

/** The order matters: what a file uses stands before it. */
const files = [
  ...['call', 'changes', 'runs', 'prefetch', 'guard'].map((name) => `frame/${name}`),
  ...['leases', 'closing', 'slots', 'deadlines', 'stops', 'ready'].map((name) => `shared/${name}`),
  ...['end-open-jobs', 'edges', 'request-end', 'indexes', 'logs', 'removals'].map((name) => `shared/${name}`),
  ...['append-log', 'create', 'claim', 'finish', 'close', 'report', 'retry', 'requeue'].map(
    (name) => `operations/${name}`,
  ),
  ...['start', 'interrupt', 'renew', 'release', 'adopt', 'expire', 'resume'].map((name) => `operations/${name}`),
  ...['redeliver', 'cancel', 'reopen', 'delete', 'remove', 'remove-logs'].map((name) => `operations/${name}`),
  ...['begin-archive', 'archive-log'].map((name) => `operations/${name}`),
  ...['write', 'run-call'].map((name) => `frame/${name}`),
];

/** Ready marks: ids in one message. */
export const bundleMax = 32;
/** Bounded calls: how many ready jobs one call hands out where more of them wait. */
export const readyAtOnce = 256;

/** Bounded calls: what one call does at most, and how much it reads at a time (`page`). */
const limits = {
  bundle: bundleMax,
  /** Pools: ids of a run that each of its pools gets, whatever else the call hands out. */
  slice: 8,
  /** Ready marks: ids of one run in the queue of a pool at once. */
  queued: 1000,
  /** Edges that are resolved. */
  edges: 1000,
  edges_page: 100,
  todo_page: 200,
  ready_at_once: readyAtOnce,
  /** Dependents that are claimed with the ends of what they waited for. */
  fusions: 64,
  /** What is removed of runs and logs, in units of about a microsecond. */
  removals: 2000,
  rows_page: 100,
  /** Archive: when the objects of a run that is gone are removed, and when again. */
  objects_ms: 10_000,
  late_objects_ms: 3_600_000,
  deaths: crashLoop.deathsMax,
  suspect_ttls: crashLoop.delayLeasesMax,
  log_part_bytes: logPartBytes,
  first_frames_bytes: firstFramesBytes,
};

const costs = {
  /** For how many edges one counts whose dependent becomes ready. */
  ready: 3,
  /** Likewise: one whose dependent ends with it. */
  ended: 3,
  /** Of the removals: a part of a log is a megabyte to give back. */
  log_part: 80,
};

/** In a run's `todo`, in place of a job's index, of which there are at most 10,000: all jobs that are not final. */
const openJobsItem = 0xffff;

/** Works from src and from dist alike. */
const folder = new URL('../../../src/store/lua/', import.meta.url);

const lua = (name: string): string => readFileSync(new URL(`${name}.lua`, folder), 'utf8');

/** Reads what lists need of many runs; it writes nothing, and is no part of the library. */
export const readRunsScript = lua('alone/read-runs');

/** Stores what a large run is made of before it is visible; no part of the library either. */
export const storeBeforeScript = lua('alone/store-before');

/** Reads the time and removes a jump of the clock; no part of the library either. */
export const clockScript = lua('alone/clock');

/** Forgets a pool; no part of the library either. */
export const dropPoolScript = lua('alone/drop-pool');

/** All operations, as a library of Redis Functions (https://redis.io/docs/latest/develop/programmability/functions-intro/). */
export interface Library {
  /** Contains a hash of the whole text, so that processes of several versions can share a Redis. */
  name: string;
  body: string;
}

/** How the names of all libraries of chainr begin. */
export const libraryPrefix = 'chainr_';

export function libraryOf(body: string): Library {
  const hash = createHash('sha256')
    .update(libraryText({ name: '', body }))
    .digest('hex');
  return { name: `${libraryPrefix}${hash.slice(0, 16)}`, body };
}

/** The function that carries out any call but one that creates a run: what has begun always ends, however full Redis is. */
export const functionOf = ({ name }: Library): string => name;
/** The function that carries out a call that creates a run: Redis refuses it as a whole where it is full (see Full store). */
export const creatingFunctionOf = ({ name }: Library): string => `${name}_create`;

/** What FUNCTION LOAD takes. */
export const libraryText = (library: Library): string =>
  [
    `#!lua name=${library.name}`,
    library.body,
    `redis.register_function{ function_name = '${functionOf(library)}', callback = run_call, flags = { 'allow-oom' } }`,
    `redis.register_function{ function_name = '${creatingFunctionOf(library)}', callback = run_call }`,
    '',
  ].join('\n');

/**
 * The frame, the tables of core/engine, and every operation. `table` is another truth table only in the test that shows
 * that each of its cells matters.
 */
export function composeLibrary(table: TruthTable = truthTable): Library {
  return libraryOf([prelude(table), ...files.map(lua)].join('\n'));
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
  const ofBudget = (budget: RetryBudget) =>
    reasons.flatMap((reason, code) => (reasonTable[reason].budget === budget ? [`[${String(code)}] = true`] : [])).join(', '); // prettier-ignore
  return [
    '-- Made from core/engine, core/store/script/layout.ts and core/pipeline/duration.ts.',
    `local JOB = { ${codes(jobStatuses)} }`,
    `local RUN = { ${codes(runStatuses)} }`,
    `local RUN_NAME = { ${runStatuses.map((name, code) => `[${String(code)}] = '${name}'`).join(', ')} }`,
    `local REASON = { ${codes(reasons)} }`,
    `local REASON_NAME = { ${reasons.map((name, code) => `[${String(code)}] = '${name}'`).join(', ')} }`,
    `local INFRASTRUCTURE = { ${ofBudget('infrastructure')} }`,
    `local USERS = { ${ofBudget('user')} }`,
    `local LOSS_BACKOFF_MS = { ${lossBackoffMs.join(', ')} }`,
    `local DURATION_UNITS = { ${durationUnits.map(([name, ms]) => `{ '${name}', ${String(ms)} }`).join(', ')} }`,
    `local STATUSES = ${String(statuses)}`,
    `local ALLOWED_JOB = { ${allowed(jobTransitions, jobStatuses)} }`,
    `local ALLOWED_RUN = { ${allowed(runTransitions, runStatuses)} }`,
    `local SATISFIES = { ${satisfies.join(', ')} }`,
    `local NAME_AT = ${String(offsetsOf(rowFields).fixed + 1)}`,
    luaRecords,
    luaArguments,
    `local NO_EXIT, OPEN_JOBS = ${String(noExitCode)}, ${String(openJobsItem)}`,
    `local BACKLOG_TIMES, RANK_BASE = ${String(backlogTimes)}, ${String(rankBase)}`,
    `local FLAG = ${fieldsOf(upperCased(attemptFlags))}`,
    `local RUN_FLAG = ${fieldsOf(upperCased(runFlags))}`,
    `local LIMIT = ${fieldsOf(limits)}`,
    `local COST = ${fieldsOf(costs)}`,
    '',
  ].join('\n');
}

/** `{ a = 1, b = 2 }` */
const fieldsOf = (values: Readonly<Record<string, number>>): string =>
  `{ ${Object.entries(values)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ')} }`;

/** `timedOut` → `TIMED_OUT` */
const upperCased = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.replace(/[A-Z]/g, '_$&').toUpperCase(), value]),
  );
