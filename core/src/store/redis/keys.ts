import type { ExecutorKind, RunUid } from '../../engine/records.js';
import type { RunStatus } from '../../engine/states.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { backlogTimes } from '../script/layout.js';

/**
 * Every key of an instance. All carry one hash tag, so that one script may touch several of them
 * on a clustered Redis; the scripts build the same names from the prefix (`lua/`).
 *
 * | key | type | what |
 * |---|---|---|
 * | `run:UID` | hash | `state` (packed, `layout.ts`); `info` and `env` (JSON, never change; the variables of the pipeline stand alone, since they may be large and only workers need them); `logsRemovedAt` (ms), once its logs are gone; for each job its index → row and `pINDEX` → plan: edges and specification (both packed; a plan never changes); `oINDEX` → its outputs, JSON, once it has ended with any; `uINDEX` → the attempt that it was taken over from |
 * | `source:UID` | hash | the pipeline as it was sent, deflated |
 * | `attempts:UID` | hash | `index.attempt` → row of an attempt that a later one followed |
 * | `backlog:UID` | zset | indexes (five digits) of ready jobs that are not yet handed out (see Ready marks: 1,000 at once) or wait for a slot, by priority and time |
 * | `slots:UID` | zset | indexes of the jobs that hold a slot (see Slots), by the time of their claim |
 * | `todo:UID` | list | `index:edge`: edges that are not yet resolved; `65535:index`: jobs of a run that is to end (see Bounded calls) |
 * | `log:UID:INDEX.ATTEMPT` | hash | `length` of a log and the executor's `position` after it; `first`: its frames (`log-format.ts`) as long as they are few, then `frames`: how many bytes of them there are |
 * | `log:UID:INDEX.ATTEMPT:N` | string | the log's n-th MiB |
 * | `log:UID:INDEX.ATTEMPT:fN` | string | the n-th MiB of its frames |
 * | `runs` | zset | uid by creation sequence |
 * | `live:KIND` | zset | uid by creation sequence, of the runs that are not final |
 * | `status:STATUS` | zset | uid by creation sequence, of the runs that are RUNNING or final; PENDING is what else is live |
 * | `name:NAME`, `label:KEY=VALUE` | zset | uid by creation sequence, of the runs with a name or label |
 * | `names` | zset | the names that a run has, in the order of their bytes |
 * | `ended` | zset | uid of the final runs by the time of their end |
 * | `deletions` | zset | uid of the runs that are hidden and not yet removed, by time (see Deletion) |
 * | `deleted:UID` | hash | what was `run:UID` |
 * | `chunks` | zset | uid of the runs with a `todo`, by time |
 * | `marks:KIND` | zset | `uid.index.attempt` of what is handed out and not claimed, by time |
 * | `leases:EXECUTOR` | zset | `uid.index.attempt.epoch.owner` by time of expiry; 0: let go of. What has expired is the executor's queue of adoptions (see Where attempts run) |
 * | `deadlines` | zset | `uid.index.attempt.KIND` by the time at which it is due (see Deadlines and retries) |
 * | `workers` | hash | id of a worker → what it says of itself, JSON, with the time at which it said so |
 * | `drains` | set | ids of the workers that take nothing new |
 * | `paused` | string | there while nothing new is claimed |
 * | `stops:EXECUTOR` | hash | `uid.index.attempt` of what is to be stopped → code of the reason, once a worker was told with the time of that: `CODE.TIME` |
 * | `seen` | hash | executor → when a worker of it last renewed, ms |
 * | `due:EXECUTOR` | zset | `uid.index.attempt` by the time at which its remains may go |
 * | `turn:NAME` | string | the owner whose turn it is with something that one of many does |
 * | `executors` | hash | executor id → its number in rows and keys |
 * | `bundles` | hash | executor kind → how many ids a message carries at most |
 * | `counters` | hash | `sequence` of runs, `message` of bundles, `executor` numbers; `logBytes` that are stored and `logQuota`, how many may be (see Full store); `logsExpiredTo`: the logs of runs that ended before are gone |
 * | `idempotency:SCOPE:KEY` | string | uid and hash of the body, for 24 hours |
 * | `events` | stream | the one event stream; an entry holds the events of a call |
 * | `reply:LANE` | string | number and reply of a lane's last call (see Resent calls) |
 * | `version`, `instance` | string | of the state format; of this installation |
 * | `clock` | string | milliseconds that tests add to the time of Redis |
 * | `clockCorrection` | string | `NUMBER:MS`: how often it was changed; milliseconds that take jumps of the clock of Redis out of "now" (see Clock) |
 * | `libraries` | zset | libraries of functions, by the time at which a process last said that it uses them |
 * | `clockSeen` | string | when deadlines were looked through last: a witness that time has passed (see Clock) |
 * | `queue:*` | | BullMQ's own |
 */
export const prefix = '{chainr}:';

export const keys = {
  run: (uid: RunUid) => `${prefix}run:${uid}`,
  source: (uid: RunUid) => `${prefix}source:${uid}`,
  attempts: (uid: RunUid) => `${prefix}attempts:${uid}`,
  backlog: (uid: RunUid) => `${prefix}backlog:${uid}`,
  slots: (uid: RunUid) => `${prefix}slots:${uid}`,
  log: (uid: RunUid, index: number, attempt: number) => `${prefix}log:${uid}:${String(index)}.${String(attempt)}`,
  runs: `${prefix}runs`,
  live: (kind: ExecutorKind) => `${prefix}live:${kind}`,
  status: (status: RunStatus) => `${prefix}status:${status}`,
  name: (name: string) => `${prefix}name:${name}`,
  label: (key: string, value: string) => `${prefix}label:${key}=${value}`,
  idempotency: (scope: string, key: string) => `${prefix}idempotency:${scope}:${key}`,
  names: `${prefix}names`,
  ended: `${prefix}ended`,
  deletions: `${prefix}deletions`,
  deleted: (uid: RunUid) => `${prefix}deleted:${uid}`,
  chunks: `${prefix}chunks`,
  marks: (kind: ExecutorKind) => `${prefix}marks:${kind}`,
  leases: (executor: number) => `${prefix}leases:${String(executor)}`,
  deadlines: `${prefix}deadlines`,
  stops: (executor: number) => `${prefix}stops:${String(executor)}`,
  seen: `${prefix}seen`,
  paused: `${prefix}paused`,
  workers: `${prefix}workers`,
  drains: `${prefix}drains`,
  turn: (name: string) => `${prefix}turn:${name}`,
  due: (executor: number) => `${prefix}due:${String(executor)}`,
  executors: `${prefix}executors`,
  bundles: `${prefix}bundles`,
  counters: `${prefix}counters`,
  events: `${prefix}events`,
  version: `${prefix}version`,
  instance: `${prefix}instance`,
  clock: `${prefix}clock`,
  clockCorrection: `${prefix}clockCorrection`,
  clockSeen: `${prefix}clockSeen`,
  libraries: `${prefix}libraries`,
} as const;

/** The indexes of a run beside those of its status, a line each, as `lua/indexes.lua` takes them. */
export function indexLines({
  name,
  labels = {},
}: {
  name?: string;
  labels?: Readonly<Record<string, string>>;
}): string {
  const named = name === undefined ? [] : [keys.name(name)];
  const labeled = Object.entries(labels).map(([key, value]) => keys.label(key, value));
  return [...named, ...labeled].map((key) => key.slice(prefix.length)).join('\n');
}

/** Of `run:UID`, beside the job's row under its index. */
export const planField = (jobIndex: number): string => `p${String(jobIndex)}`;

/** Of `run:UID`, where the job has ended with outputs. */
export const outputsField = (jobIndex: number): string => `o${String(jobIndex)}`;

/** Of `run:UID`, for a job that was taken over: the attempt id of what it was taken from. */
export const reusedField = (jobIndex: number): string => `u${String(jobIndex)}`;

/** Of `backlog:UID`: members of one score are ordered by their text. */
export const backlogMember = (jobIndex: number): string => String(jobIndex).padStart(5, '0');

/** What is ready when its run is made comes before all that becomes ready later, of one priority. */
export const backlogScore = (priority: number): number => (priorityBase - priority) * backlogTimes;

/** BullMQ's prefix and the name of the queue of an executor kind. */
export const queuePrefix = `${prefix}queue`;
export const queueName = (kind: ExecutorKind): string => kind;

/** How large a string one part of a log grows: appends stay cheap, whatever the log's length. */
export const logPartBytes = 1024 * 1024;
/** Four frames: a longer value would cost its small hash the compact form that Redis has for those. */
export const firstFramesBytes = 56;

/** `uid.index.attempt`: names an attempt in messages, marks and due removals. */
export interface AttemptId {
  run: RunUid;
  index: number;
  attempt: number;
}

export const formatAttemptId = ({ run, index, attempt }: AttemptId): string =>
  `${run}.${String(index)}.${String(attempt)}`;

export function parseAttemptId(text: string): AttemptId {
  const [run = '', index, attempt] = text.split('.');
  return { run, index: Number(index), attempt: Number(attempt) };
}

/** The right of one worker to observe and report one attempt; the epoch and the owner must match. */
export interface Lease extends AttemptId {
  epoch: number;
  /** The random token of the process that holds it. */
  owner: string;
}

export const formatLease = (lease: Lease): string => `${formatAttemptId(lease)}.${String(lease.epoch)}.${lease.owner}`;

export function parseLease(text: string): Lease {
  const [, , , epoch, owner = ''] = text.split('.');
  return { ...parseAttemptId(text), epoch: Number(epoch), owner };
}
