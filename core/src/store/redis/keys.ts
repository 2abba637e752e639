import type { RunUid } from '../../engine/records.js';
import type { RunStatus } from '../../engine/states.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { backlogTimes } from '../script/layout.js';

/**
 * Every key of an instance. All have one hash tag, so that one script may use several of them on a clustered Redis. The
 * scripts build the same names from the prefix (`lua/`).
 *
 * | key | type | what |
 * |---|---|---|
 * | `run:UID` | hash | `state` (packed, `fields.ts`); `info` and `shared` (JSON, never change; `shared` has what all jobs share, and is separate since it may be large and only workers need it); `pools`, if jobs have pools of their own: of each pool a line with its name, how many ids are handed out there and not claimed, and how many jobs wait in its backlog; `logsRemovedAt` (ms), once its logs are removed; `archivedFrom` (ms), once objects with its logs may be in the archive; for each job: index → row, `pINDEX` → plan, that is edges and specification (both packed; a plan never changes), `oINDEX` → its outputs as JSON, if it ended with any, `uINDEX` → the attempt that it reuses |
 * | `source:UID` | string | the pipeline as it was sent (`source.ts`); for people, read by nothing else (see Compiled pipelines) |
 * | `attempts:UID` | hash | `index.attempt` → row of an attempt that a later one followed; `dINDEX.ATTEMPT` → what its executor saw of it (`runtime.ts`), if that is told |
 * | `backlog:UID` | zset | indexes (five digits) of ready jobs that wait to be handed out (at most 1,000 are at once, see Ready marks) or wait for a slot, by priority and time |
 * | `backlog:UID:POOL` | zset | the same, in its place, of each pool of a run whose jobs have pools of their own |
 * | `slots:UID` | zset | indexes of the jobs that hold a slot (see Slots), by the time of their claim |
 * | `todo:UID` | list | `index:edge`: edges not yet resolved; `65535:index`: jobs to end with their run (see Bounded calls) |
 * | `log:UID:INDEX.ATTEMPT` | hash | `length` of a log and the executor's `position` after it; `first`: its frames (`log-format.ts`) while they are few, then `frames`: their size in bytes; `archived` (ms), once bytes and frames are in the archive, with `keptBytes` and `keptFrames`: how much of them is not yet removed here |
 * | `log:UID:INDEX.ATTEMPT:N` | string | the log's n-th MiB |
 * | `log:UID:INDEX.ATTEMPT:fN` | string | the n-th MiB of its frames |
 * | `runs` | zset | uid by creation sequence |
 * | `live` | zset | uid by creation sequence, of the runs that are not final |
 * | `live:POOL` | zset | the same, of those with a job in the pool |
 * | `pools` | set | the pools in which runs have had jobs, until `drop-pools` finds nothing in one |
 * | `status:STATUS` | zset | uid by creation sequence, of the runs that are RUNNING or final; other live runs are PENDING |
 * | `name:NAME`, `label:KEY=VALUE` | zset | uid by creation sequence, of the runs with a name or label |
 * | `external:ID` | zset | the uid of the run with an external id; at most one (see External ids) |
 * | `names` | zset | the names of existing runs, in byte order |
 * | `ended` | zset | uid of the final runs by the time of their end |
 * | `deletions` | zset | uid of runs that are hidden but not yet removed, by time (see Deletion) |
 * | `objectRemovals` | zset | `UID.1`, `UID.2`: the first and the second removal of a run's objects from the archive, by due time (see Archive) |
 * | `archivePostponed` | zset | uid of runs whose logs could not move into the archive in their turn, by the time of the next try |
 * | `deleted:UID` | hash | the former `run:UID` |
 * | `chunks` | zset | uid of the runs with a `todo`, by time |
 * | `marks:POOL` | zset | `uid.index.attempt` of attempts handed out and not claimed, by time |
 * | `leases:EXECUTOR` | zset | `uid.index.attempt.epoch.owner` by time of expiry; 0: released. The expired entries are the executor's queue of adoptions (see Where attempts run) |
 * | `deadlines` | zset | `uid.index.attempt.KIND` by due time (see Deadlines and retries) |
 * | `workers` | hash | id of a worker → what it announced about itself and when, JSON |
 * | `drains` | set | ids of drained workers |
 * | `paused` | string | present while the instance is paused |
 * | `stops:EXECUTOR` | hash | `uid.index.attempt` of attempts to stop → code of the reason; `CODE.TIME` once a worker was told, with the time of that |
 * | `seen` | hash | executor → last renewal by one of its workers, ms |
 * | `due:EXECUTOR` | zset | `uid.index.attempt` by the time from which its remains may be removed |
 * | `turn:NAME` | string | the process whose turn it is, for work that one of many does |
 * | `executors` | hash | `POOL ID` of an executor in a pool → the number of both in rows and keys, `EXECUTOR` above |
 * | `bundles` | hash | pool → the most ids in a message |
 * | `counters` | hash | `sequence` of runs, `message` of bundles, `executor` numbers; `logBytes` stored and their limit `logQuota` (see Full store); `logsExpiredTo`: the logs of runs that ended before this time are removed; `logsArchivedTo`: likewise, are in the archive, apart from `archivePostponed` |
 * | `idempotency:SCOPE:KEY` | string | uid and hash of the body, for 24 hours |
 * | `events` | stream | the one event stream; an entry holds the events of a call |
 * | `reply:LANE` | string | reply of the last call on a lane, with its number at the end (see Resent calls) |
 * | `version`, `instance` | string | of the state format; random id of this installation |
 * | `clock` | string | milliseconds that tests add to the time of Redis |
 * | `clockCorrection` | string | `NUMBER:MS`: how often it changed; milliseconds that remove jumps of the clock of Redis from "now" (see Clock) |
 * | `libraries` | zset | libraries of functions, by the time at which a process last announced that it uses them |
 * | `clockSeen` | string | when deadlines were last checked: evidence that time has passed (see Clock) |
 * | `queue:POOL:*` | | BullMQ's own |
 */
export const prefix = '{chainr}:';

export const keys = {
  run: (uid: RunUid) => `${prefix}run:${uid}`,
  source: (uid: RunUid) => `${prefix}source:${uid}`,
  attempts: (uid: RunUid) => `${prefix}attempts:${uid}`,
  /** @param pool if jobs of the run have pools of their own */
  backlog: (uid: RunUid, pool?: string) => `${prefix}backlog:${uid}${pool === undefined ? '' : `:${pool}`}`,
  slots: (uid: RunUid) => `${prefix}slots:${uid}`,
  log: (uid: RunUid, index: number, attempt: number) => `${prefix}log:${uid}:${String(index)}.${String(attempt)}`,
  runs: `${prefix}runs`,
  live: `${prefix}live`,
  liveIn: (pool: string) => `${prefix}live:${pool}`,
  pools: `${prefix}pools`,
  status: (status: RunStatus) => `${prefix}status:${status}`,
  name: (name: string) => `${prefix}name:${name}`,
  label: (key: string, value: string) => `${prefix}label:${key}=${value}`,
  idempotency: (scope: string, key: string) => `${prefix}idempotency:${scope}:${key}`,
  external: (id: string) => `${prefix}external:${id}`,
  names: `${prefix}names`,
  ended: `${prefix}ended`,
  deletions: `${prefix}deletions`,
  objectRemovals: `${prefix}objectRemovals`,
  archivePostponed: `${prefix}archivePostponed`,
  deleted: (uid: RunUid) => `${prefix}deleted:${uid}`,
  chunks: `${prefix}chunks`,
  marks: (pool: string) => `${prefix}marks:${pool}`,
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

/** The index entries of a run except its status, one a line, as `lua/shared/indexes.lua` expects them. */
export function indexLines({
  name,
  externalId,
  labels = {},
}: {
  name?: string;
  externalId?: string;
  labels?: Readonly<Record<string, string>>;
}): string {
  const named = name === undefined ? [] : [keys.name(name)];
  const external = externalId === undefined ? [] : [keys.external(externalId)];
  const labeled = Object.entries(labels).map(([key, value]) => keys.label(key, value));
  return [...named, ...external, ...labeled].map((key) => key.slice(prefix.length)).join('\n');
}

/** Field of `run:UID` for a job's plan. */
export const planField = (jobIndex: number): string => `p${String(jobIndex)}`;

/** Field of `run:UID` for the outputs of a job that ended with some. */
export const outputsField = (jobIndex: number): string => `o${String(jobIndex)}`;

/** Field of `run:UID` for a reused job: the id of the attempt that it reuses. */
export const reusedField = (jobIndex: number): string => `u${String(jobIndex)}`;

/** A member of `backlog:UID`. Members with one score are ordered by their text. */
export const backlogMember = (jobIndex: number): string => String(jobIndex).padStart(5, '0');

/** Within a priority, jobs that are ready when their run is created go before all that become ready later. */
export const backlogScore = (priority: number): number => (priorityBase - priority) * backlogTimes;

/** BullMQ's prefix. The queue of a pool has its name. */
export const queuePrefix = `${prefix}queue`;

/** The size of one part of a log, in bytes. Appends stay cheap whatever the log's length. */
export const logPartBytes = 1024 * 1024;
/** Four frames. Redis stores a small hash compactly only while its values are short. */
export const firstFramesBytes = 56;

/** Names an attempt in messages, marks and due removals, as `uid.index.attempt`. */
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
