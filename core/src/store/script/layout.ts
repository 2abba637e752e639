import { phases, type AttemptRecord, type JobRecord, type Phases } from '../../engine/records.js';
import type { StepOutcome } from '../../engine/outcome.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { reasons, sentenceOf, type Reason } from '../../engine/reasons.js';
import { jobStatuses, runStatuses, type JobStatus, type RunStatus } from '../../engine/states.js';
import { attemptFields, offsetsOf, rowFields, runFields, widths } from './fields.js';

/*
 * What `fields.ts` describes, as TypeScript reads and writes it. A plan is packed here alone: flags u8 (`planFlags`), priority
 * u8 (+ 100), length of edges u32, edges (dependent u16, mask u8)*, length of pool u8, pool (none: that of the run), JSON.
 */
const runAt = offsetsOf(runFields);
const rowAt = offsetsOf(rowFields);
const attemptAt = offsetsOf(attemptFields);

export const noExitCode = 0xffff;
/**
 * `timedOut`, `pendingTimedOut` and `crashed` are recorded requests to end the attempt, which its end will show
 * whatever its exit code (see Causes); `interrupted`: it is stopped to be started again; `deadline`: one of its deadlines may stand in `deadlines`.
 */
export const attemptFlags = {
  logEnded: 1,
  closed: 2,
  timedOut: 4,
  pendingTimedOut: 8,
  crashed: 16,
  deadline: 32,
  interrupted: 64,
} as const;
export const planFlags = { allowFailure: 1, rerunAlways: 2 } as const;
/** `jobPriorities`, `jobPools`: jobs have their own, in their plans; `timeout`: the run's stands in `deadlines`. */
export const runFlags = { jobPriorities: 1, timeout: 2, jobPools: 4 } as const;
/** The score of a backlog is the priority (100 − it) times this, plus a time in ms; it stays exact. */
export const backlogTimes = 2 ** 42;

/** How a job stands that was never ready: all that `create` stores of it. */
export interface InitialRow {
  name: string;
  status: JobStatus;
  reason: Reason;
  /** Edges that are not yet satisfied. */
  unsatisfied: number;
}

export function packInitialRow({ name, status, reason, unsatisfied }: InitialRow): Buffer {
  const row = Buffer.allocUnsafe(rowAt.fixed + 1 + name.length);
  row.writeUInt8(jobStatuses.indexOf(status), rowAt.status);
  row.writeUInt8(reasons.indexOf(reason), rowAt.reason);
  row.writeUInt16BE(unsatisfied, rowAt.unsatisfied);
  row.writeUInt8(name.length, rowAt.fixed);
  row.write(name, rowAt.fixed + 1, 'latin1');
  return row;
}

export interface PlanEdge {
  /** The index of the dependent. */
  index: number;
  mask: number;
}

export interface PlanHead {
  flags: number;
  /** −100 … 100 */
  priority: number;
  /** Empty: that of the run. */
  pool: string;
}

export function packPlan(
  edges: readonly PlanEdge[],
  { flags, priority, pool }: PlanHead,
  specification: string,
): Buffer {
  const poolAt = 6 + edges.length * 3;
  const headLength = poolAt + 1 + pool.length;
  const plan = Buffer.allocUnsafe(headLength + Buffer.byteLength(specification));
  plan[0] = flags;
  plan[1] = priority + priorityBase;
  plan.writeUInt32BE(edges.length * 3, 2);
  edges.forEach((edge, place) => {
    plan.writeUInt16BE(edge.index, 6 + place * 3);
    plan[8 + place * 3] = edge.mask;
  });
  plan[poolAt] = pool.length;
  plan.write(pool, poolAt + 1, 'latin1');
  plan.write(specification, headLength);
  return plan;
}

/** `planFlags` of a plan. */
export const flagsIn = (plan: Buffer): number => plan.readUInt8(0);

/** The priority of a job, from its plan: −100 … 100. */
export const priorityIn = (plan: Buffer): number => plan.readUInt8(1) - priorityBase;

/** The edges of a plan: who waits for its job. */
export function unpackEdges(plan: Buffer): PlanEdge[] {
  return Array.from({ length: plan.readUInt32BE(2) / 3 }, (_, place) => ({
    index: plan.readUInt16BE(6 + place * 3),
    mask: plan.readUInt8(8 + place * 3),
  }));
}

const poolAtIn = (plan: Buffer): number => 6 + plan.readUInt32BE(2);

/** The pool of its job; empty: that of the run. */
export function unpackPool(plan: Buffer): string {
  const at = poolAtIn(plan);
  return plan.toString('latin1', at + 1, at + 1 + plan.readUInt8(at));
}

/** What of a plan stands behind its pool. */
export function specificationOf(plan: Buffer): string {
  const at = poolAtIn(plan);
  return plan.toString('utf8', at + 1 + plan.readUInt8(at));
}

export interface AttemptSection {
  attempt: number;
  epoch: number;
  flags: number;
  exitCode?: number;
  executor: number;
  message: number;
  /** How many attempts of the job infrastructure took. */
  losses: number;
  /** How many of the user's retries are used up. */
  failures: number;
  phases: Phases;
  owner: string;
  text: string;
  steps?: StepOutcome[];
}

export interface Row {
  status: JobStatus;
  reason: Reason;
  unsatisfied: number;
  name: string;
  section?: AttemptSection;
}

/** @throws RangeError when the bytes are no row of this layout. */
export function unpackRow(bytes: Buffer): Row {
  const nameAt = rowAt.fixed + 1;
  const nameEnd = nameAt + bytes.readUInt8(rowAt.fixed);
  const row: Row = {
    status: at(jobStatuses, bytes.readUInt8(rowAt.status)),
    reason: at(reasons, bytes.readUInt8(rowAt.reason)),
    unsatisfied: bytes.readUInt16BE(rowAt.unsatisfied),
    name: bytes.toString('latin1', nameAt, nameEnd),
  };
  if (bytes.length > nameEnd) row.section = unpackSection(bytes.subarray(nameEnd));
  return row;
}

function unpackSection(bytes: Buffer): AttemptSection {
  const exitCode = bytes.readUInt16BE(attemptAt.exit);
  const times: Phases = {};
  phases.forEach((phase, place) => {
    const time = bytes.readUIntBE(attemptAt.created + place * widths.u48, widths.u48);
    if (time > 0) times[phase] = time;
  });
  const ownerAt = attemptAt.fixed + 1;
  const ownerEnd = ownerAt + bytes.readUInt8(attemptAt.fixed);
  const textEnd = ownerEnd + 2 + bytes.readUInt16BE(ownerEnd);
  const steps = bytes.toString('utf8', textEnd + 2);
  return {
    attempt: bytes.readUInt16BE(attemptAt.attempt),
    epoch: bytes.readUInt32BE(attemptAt.epoch),
    flags: bytes.readUInt8(attemptAt.flags),
    ...(exitCode === noExitCode ? {} : { exitCode }),
    executor: bytes.readUInt32BE(attemptAt.executor),
    message: bytes.readUIntBE(attemptAt.message, widths.u48),
    losses: bytes.readUInt8(attemptAt.losses),
    failures: bytes.readUInt8(attemptAt.failures),
    phases: times,
    owner: bytes.toString('latin1', ownerAt, ownerEnd),
    text: bytes.toString('utf8', ownerEnd + 2, textEnd),
    ...(steps === '' ? {} : { steps: JSON.parse(steps) as StepOutcome[] }),
  };
}

export function toJobRecord(index: number, row: Row): JobRecord {
  const { status, reason, name, section } = row;
  const text = section?.text;
  const attempt = section ? (section.phases.claimedAt === undefined ? section.attempt - 1 : section.attempt) : 0;
  return { index, name, status, reason, message: text ? text : sentenceOf(reason, section?.exitCode), attempt };
}

/** Undefined for a job of which no attempt was claimed, and for the one that waits to be. */
export function toAttemptRecord(row: Row): (AttemptRecord & { executor: number; flags: number }) | undefined {
  const { status, reason, section } = row;
  if (section?.phases.claimedAt === undefined) return undefined;
  return {
    attempt: section.attempt,
    status,
    reason,
    message: section.text === '' ? sentenceOf(reason, section.exitCode) : section.text,
    ...(section.exitCode === undefined ? {} : { exitCode: section.exitCode }),
    ...(section.steps === undefined ? {} : { steps: section.steps }),
    phases: section.phases,
    executor: section.executor,
    flags: section.flags,
  };
}

/** What of a run is in one pool, if its jobs have pools of their own (see Pools). */
export interface PoolSlice {
  pool: string;
  /** Ids that are handed out and not claimed. */
  queued: number;
  /** Ready jobs that are not handed out. */
  backlog: number;
}

/** The field `pools` of a run. */
export const packSlices = (slices: readonly PoolSlice[]): string =>
  slices.map(({ pool, queued, backlog }) => `${pool} ${String(queued)} ${String(backlog)}`).join('\n');

export const unpackSlices = (text: string): PoolSlice[] =>
  text.split('\n').map((line) => {
    const [pool = '', queued, backlog] = line.split(' ');
    return { pool, queued: Number(queued), backlog: Number(backlog) };
  });

export interface RunState {
  status: RunStatus;
  /** The pool of its jobs that have none of their own. */
  pool: string;
  priority: number;
  /** 0: none. */
  maxParallel: number;
  jobCounts: Record<JobStatus, number>;
  /** Attempts that are claimed and not closed. */
  open: number;
  /** Both 0 if jobs have pools of their own: `pools` has them. */
  queued: number;
  backlog: number;
  todo: number;
  sequence: number;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  cancelRequestedAt?: number;
  timedOutAt?: number;
}

export function unpackState(bytes: Buffer): RunState {
  const count = (place: number) => bytes.readUInt16BE(runAt.pending + place * widths.u16);
  const time = (offset: number) => bytes.readUIntBE(offset, widths.u48);
  const timed = (name: string, offset: number) => (time(offset) > 0 ? { [name]: time(offset) } : {});
  return {
    status: at(runStatuses, bytes.readUInt8(runAt.status)),
    pool: bytes.toString('latin1', runAt.fixed + 1, runAt.fixed + 1 + bytes.readUInt8(runAt.fixed)),
    priority: bytes.readUInt8(runAt.priority) - priorityBase,
    maxParallel: bytes.readUInt16BE(runAt.max_parallel),
    jobCounts: Object.fromEntries(jobStatuses.map((status, place) => [status, count(place)])) as Record<
      JobStatus,
      number
    >,
    open: bytes.readUInt16BE(runAt.open),
    queued: bytes.readUInt16BE(runAt.queued),
    backlog: bytes.readUInt16BE(runAt.backlog),
    todo: bytes.readUInt16BE(runAt.todo),
    sequence: time(runAt.sequence),
    createdAt: time(runAt.created),
    ...timed('startedAt', runAt.started),
    ...timed('endedAt', runAt.ended),
    ...timed('cancelRequestedAt', runAt.cancel_requested),
    ...timed('timedOutAt', runAt.timed_out),
  };
}

function at<T>(list: readonly T[], place: number): T {
  const value = list[place];
  if (value === undefined) throw new RangeError(`code ${String(place)} is unknown: written by a newer version?`);
  return value;
}
