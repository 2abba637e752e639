import {
  executorKinds,
  phases,
  type AttemptRecord,
  type ExecutorKind,
  type JobRecord,
  type Phases,
} from '../../engine/records.js';
import type { StepOutcome } from '../../engine/outcome.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { reasons, sentenceOf, type Reason } from '../../engine/reasons.js';
import { jobStatuses, runStatuses, type JobStatus, type RunStatus } from '../../engine/states.js';

/**
 * The packed values that the scripts read and write with Lua's `struct`, big-endian. The format
 * strings go into the scripts' prelude, the functions below are the same in TypeScript. A change
 * of layout is a change of the state format (see State format, `version.ts`).
 *
 *     row      status u8, reason u8, unsatisfied u16, name (u8 length), then, from the first time
 *              that the job is ready, the section of its current or last attempt:
 *     attempt  attempt u16, epoch u32, flags u8, exit code u16 (65535: none), executor u32,
 *              message id u48, losses u8 (how many attempts of the job infrastructure took), failures u8 (how
 *              many of the user's retries are used up), adoptions u8 (after owners that died soon, in a row,
 *              Crash loops), time of the last one u48 (ms), eight phases u48 (ms), owner (u8 length), text (u16),
 *              steps JSON (u16)
 *     state    status u8, kind u8, flags u8, priority u8 (+ 100), maxParallel u16 (0: none), six job counts
 *              u16, failed u16, open u16 (attempts that are claimed and not closed), queued u16, backlog u16,
 *              todo u16, sequence u48, created, started, ended, cancel requested, timed out u48 (ms)
 *     plan     flags u8 (1: allowFailure), priority u8 (+ 100), length of edges u32, edges (dependent u16,
 *              mask u8)*, JSON
 */
export const luaFormats = {
  rowHead: '>BBHBc0',
  attempt: '>HI4BHI4I6BBBI6I6I6I6I6I6I6I6I6Bc0Hc0Hc0',
  state: '>BBBBHHHHHHHHHHHHI6I6I6I6I6I6',
} as const;

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
export const planFlags = { allowFailure: 1 } as const;
/** `jobPriorities`: jobs have priorities of their own, in their plans; `timeout`: the run's stands in `deadlines`. */
export const runFlags = { jobPriorities: 1, timeout: 2 } as const;
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
  const row = Buffer.allocUnsafe(5 + name.length);
  row[0] = jobStatuses.indexOf(status);
  row[1] = reasons.indexOf(reason);
  row.writeUInt16BE(unsatisfied, 2);
  row[4] = name.length;
  row.write(name, 5, 'latin1');
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
}

export function packPlan(edges: readonly PlanEdge[], { flags, priority }: PlanHead, specification: string): Buffer {
  const headLength = 6 + edges.length * 3;
  const plan = Buffer.allocUnsafe(headLength + Buffer.byteLength(specification));
  plan[0] = flags;
  plan[1] = priority + priorityBase;
  plan.writeUInt32BE(edges.length * 3, 2);
  edges.forEach((edge, place) => {
    plan.writeUInt16BE(edge.index, 6 + place * 3);
    plan[8 + place * 3] = edge.mask;
  });
  plan.write(specification, headLength);
  return plan;
}

/** The edges of a plan: who waits for its job. */
export function unpackEdges(plan: Buffer): PlanEdge[] {
  return Array.from({ length: plan.readUInt32BE(2) / 3 }, (_, place) => ({
    index: plan.readUInt16BE(6 + place * 3),
    mask: plan.readUInt8(8 + place * 3),
  }));
}

/** What of a plan stands behind its edges. */
export const specificationOf = (plan: Buffer): string => plan.toString('utf8', 6 + plan.readUInt32BE(2));

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
  const nameEnd = 5 + bytes.readUInt8(4);
  const row: Row = {
    status: at(jobStatuses, bytes.readUInt8(0)),
    reason: at(reasons, bytes.readUInt8(1)),
    unsatisfied: bytes.readUInt16BE(2),
    name: bytes.toString('latin1', 5, nameEnd),
  };
  if (bytes.length > nameEnd) row.section = unpackSection(bytes.subarray(nameEnd));
  return row;
}

function unpackSection(bytes: Buffer): AttemptSection {
  const exitCode = bytes.readUInt16BE(7);
  const times: Phases = {};
  phases.forEach((phase, place) => {
    const time = bytes.readUIntBE(28 + place * 6, 6);
    if (time > 0) times[phase] = time;
  });
  const ownerEnd = 77 + bytes.readUInt8(76);
  const textEnd = ownerEnd + 2 + bytes.readUInt16BE(ownerEnd);
  const steps = bytes.toString('utf8', textEnd + 2);
  return {
    attempt: bytes.readUInt16BE(0),
    epoch: bytes.readUInt32BE(2),
    flags: bytes.readUInt8(6),
    ...(exitCode === noExitCode ? {} : { exitCode }),
    executor: bytes.readUInt32BE(9),
    message: bytes.readUIntBE(13, 6),
    losses: bytes.readUInt8(19),
    failures: bytes.readUInt8(20),
    phases: times,
    owner: bytes.toString('latin1', 77, ownerEnd),
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

export interface RunState {
  status: RunStatus;
  executorKind: ExecutorKind;
  priority: number;
  /** 0: none. */
  maxParallel: number;
  jobCounts: Record<JobStatus, number>;
  /** Attempts that are claimed and not closed. */
  open: number;
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
  const counts = Object.fromEntries(jobStatuses.map((status, place) => [status, bytes.readUInt16BE(6 + place * 2)]));
  const time = (place: number) => bytes.readUIntBE(28 + place * 6, 6);
  const timed = (name: string, place: number) => (time(place) > 0 ? { [name]: time(place) } : {});
  return {
    status: at(runStatuses, bytes.readUInt8(0)),
    executorKind: at(executorKinds, bytes.readUInt8(1)),
    priority: bytes.readUInt8(3) - priorityBase,
    maxParallel: bytes.readUInt16BE(4),
    jobCounts: counts as Record<JobStatus, number>,
    open: bytes.readUInt16BE(20),
    queued: bytes.readUInt16BE(22),
    backlog: bytes.readUInt16BE(24),
    todo: bytes.readUInt16BE(26),
    sequence: time(0),
    createdAt: time(1),
    ...timed('startedAt', 2),
    ...timed('endedAt', 3),
    ...timed('cancelRequestedAt', 4),
    ...timed('timedOutAt', 5),
  };
}

function at<T>(list: readonly T[], place: number): T {
  const value = list[place];
  if (value === undefined) throw new RangeError(`code ${String(place)} is unknown: written by a newer version?`);
  return value;
}
