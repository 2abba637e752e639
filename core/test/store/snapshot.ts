import type { Redis } from 'ioredis';
import type { RunUid } from '../../src/model/records.js';
import { backlogMember, keys, parseAttemptId } from '../../src/store/keys.js';
import { attemptFlags, unpackRow, unpackState, type Row, type RunState } from '../../src/store/layout.js';
import type { RandomCase } from './random-case.js';
import { edgesOf } from './reference-model.js';
import type { EndRequest, Replay } from './replay.js';

/** All that Redis holds of one run, but for logs and what its jobs are to do. */
export interface RunSnapshot {
  state: RunState;
  rows: Row[];
  slots: string[];
  backlog: string[];
  todo: number;
  /** `index.attempt.epoch.owner` → when it expires. */
  leases: Map<string, number>;
  /** `index.attempt` */
  marks: Set<string>;
  /** `index.attempt` → code of the reason. */
  stops: Map<string, string>;
  /** `index.attempt.KIND` → when it is due. */
  deadlines: Map<string, number>;
  hasChunk: boolean;
  isLive: boolean;
}

export interface Snapshot {
  runs: Map<RunUid, RunSnapshot>;
  /** Equal for two snapshots if nothing of the runs has changed in between. */
  text: () => string;
}

/** Reads everything of some runs in one transaction. */
export async function takeSnapshot(
  client: Redis,
  uids: readonly RunUid[],
  executors: readonly number[],
): Promise<Snapshot> {
  const multi = client.multi();
  for (const uid of uids) {
    multi.hgetallBuffer(keys.run(uid)).hgetallBuffer(keys.attempts(uid));
    multi.zrange(keys.slots(uid), 0, '-1').zrange(keys.backlog(uid), 0, '-1').llen(`{chainr}:todo:${uid}`);
  }
  multi.zrange(keys.marks('fake'), 0, '-1').zrange(keys.deadlines, 0, '-1', 'WITHSCORES');
  multi.zrange(keys.chunks, 0, '-1').zrange(keys.live('fake'), 0, '-1');
  for (const executor of executors)
    multi.zrange(keys.leases(executor), 0, '-1', 'WITHSCORES').hgetall(keys.stops(executor));
  const replies = ((await multi.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const runs = new Map(uids.map((uid, at) => [uid, runSnapshot(replies.slice(at * 5, at * 5 + 5))]));
  const [marks, deadlines, chunks, live, ...ofExecutors] = replies.slice(uids.length * 5);
  for (const mark of marks as string[]) runs.get(parseAttemptId(mark).run)?.marks.add(tail(mark));
  const scored = deadlines as string[];
  for (let at = 0; at < scored.length; at += 2)
    runs.get(parseAttemptId(scored[at]!).run)?.deadlines.set(tail(scored[at]!), Number(scored[at + 1]));
  for (const uid of chunks as string[]) Object.assign(runs.get(uid) ?? {}, { hasChunk: true });
  for (const uid of live as string[]) Object.assign(runs.get(uid) ?? {}, { isLive: true });
  for (let at = 0; at < ofExecutors.length; at += 2) {
    const leases = ofExecutors[at] as string[];
    for (let place = 0; place < leases.length; place += 2)
      runs.get(parseAttemptId(leases[place]!).run)?.leases.set(tail(leases[place]!), Number(leases[place + 1]));
    for (const [id, code] of Object.entries(ofExecutors[at + 1] as Record<string, string>))
      runs.get(parseAttemptId(id).run)?.stops.set(tail(id), code);
  }
  return { runs, text: () => textOf(replies) };
}

const tail = (id: string): string => id.slice(id.indexOf('.') + 1);

function runSnapshot([hash, , slots, backlog, todo]: readonly unknown[]): RunSnapshot {
  const fields = hash as Record<string, Buffer>;
  const state = unpackState(fields['state']!);
  const count = Object.values(state.jobCounts).reduce((sum, each) => sum + each, 0);
  return {
    state,
    rows: Array.from({ length: count }, (_, index) => unpackRow(fields[String(index)]!)),
    slots: slots as string[],
    backlog: backlog as string[],
    todo: todo as number,
    leases: new Map(),
    marks: new Set(),
    stops: new Map(),
    deadlines: new Map(),
    hasChunk: false,
    isLive: false,
  };
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return `[${value.map(textOf).join('\n')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${textOf(each)}`)
    .sort()
    .join('\n');
}

export function requestOf({ cancelRequestedAt, timedOutAt }: RunState): EndRequest | undefined {
  if (cancelRequestedAt !== undefined) return { at: cancelRequestedAt, reason: 'CanceledByUser' };
  return timedOutAt === undefined ? undefined : { at: timedOutAt, reason: 'RunTimedOut' };
}

const sorted = (values: Iterable<string>): string => [...values].sort().join(' ');

/**
 * Holds what is stored of a run against what its events told (invariants I3, I6 and I9): everything
 * that stands beside the rows is exactly what the rows ask for.
 * @param dueUntil deadlines up to then have been carried out.
 * @returns what is wrong, in sentences.
 */
export function findFaults(each: RandomCase, replay: Replay, found: RunSnapshot, dueUntil = 0): string[] {
  const faults: string[] = [];
  const same = (what: string, is: string | number | boolean, should: string | number | boolean): void => {
    if (is !== should) faults.push(`${what}: ${is}, should be ${should}`);
  };
  const { state, rows } = found;
  const request = requestOf(state);
  const isEnding = request !== undefined && found.todo > 0;
  same('status', state.status, replay.status);
  same('both ends', state.cancelRequestedAt !== undefined && state.timedOutAt !== undefined, false);
  for (const [status, count] of Object.entries(state.jobCounts))
    same(`count of ${status}`, count, rows.filter((row) => row.status === status).length);

  const leases = new Set<string>();
  const deadlines = new Map<string, number>();
  const stops = new Map<string, string>();
  const handedOut: string[] = [];
  const backlog: string[] = [];
  const running: string[] = [];
  rows.forEach(({ status, reason, unsatisfied, section }, index) => {
    const view = replay.jobs[index]!;
    const job = each.jobs[index]!;
    const what = `job ${index}`;
    same(`status of ${what}`, status, view.status);
    if (reason !== 'WaitingForSlot' || view.wasTold) same(`reason of ${what}`, reason, view.reason);
    const attempt = section?.attempt ?? 1;
    const id = `${index}.${attempt}`;
    same(`attempt of ${what}`, attempt, view.attempt);
    if (status === 'RUNNING') running.push(String(index));
    if (section?.phases.claimedAt !== undefined && (section.flags & attemptFlags.closed) === 0)
      leases.add(`${id}.${section.epoch}.${section.owner}`);
    if (status === 'PENDING' && found.todo === 0) {
      const edges = edgesOf(job, (on) => replay.jobs[on]!.status);
      same(`edges that ${what} waits for`, unsatisfied, edges.waiting);
      same(`broken edges of ${what}, which waits`, edges.broken.length, 0);
      same(`${what} still waits after the end was asked for`, request !== undefined, false);
    }
    if (status === 'PENDING' && unsatisfied === 0) {
      if (isEnding) return;
      if (reason === 'RetryBackoff') deadlines.set(`${id}.b`, view.backoffEndsAt);
      else if ((section?.message ?? 0) > 0) handedOut.push(id);
      else backlog.push(backlogMember(index));
      if (reason === 'RetryBackoff') same(`${what} still waits for ${view.backoffEndsAt}`, view.backoffEndsAt <= dueUntil, false); // prettier-ignore
    }
    if (status !== 'RUNNING' || isEnding) return;
    same(`${what} goes on after the end was asked for`, request !== undefined && view.stop === undefined, false);
    if (view.stop !== undefined) {
      stops.set(id, view.stop);
      return;
    }
    if (view.executingAt > 0 && job.timeoutMs !== undefined) {
      deadlines.set(`${id}.t`, view.executingAt + job.timeoutMs);
      same(`${what} still runs after its timeout`, view.executingAt + job.timeoutMs <= dueUntil, false);
    }
    if (view.executingAt === 0 && replay.deeds.starting.has(id) && job.pendingTimeoutMs !== undefined) {
      deadlines.set(`${id}.p`, view.claimedAt + job.pendingTimeoutMs);
      same(`${what} still starts after its pendingTimeout`, view.claimedAt + job.pendingTimeoutMs <= dueUntil, false);
    }
  });
  if (each.timeoutMs !== undefined && state.endedAt === undefined) {
    const dueAt = state.createdAt + each.timeoutMs;
    // Once it has passed after a cancel it is gone, and nothing came of it.
    if (state.timedOutAt === undefined && (!request || found.deadlines.has('0.0.r'))) deadlines.set('0.0.r', dueAt);
    else same('timed out early', (state.timedOutAt ?? dueAt) < dueAt, false);
    if (!request) same('it still runs after its timeout', dueAt <= dueUntil, false);
  }
  // What is to be stopped may have had one of its deadlines before, which does nothing any more.
  const mayHave = (id: string): boolean => (/\.[tp]$/.test(id) && stops.has(id.slice(0, -2))) || (/\.[tpb]$/.test(id) && isEnding); // prettier-ignore
  const due = [...found.deadlines].filter(([id]) => !mayHave(id));
  const withTime = ([id, at]: [string, number]): string => `${id}@${at}`;
  same('deadlines', sorted(due.map(withTime)), sorted([...deadlines].map(withTime)));
  same('stops', sorted(found.stops.keys()), found.todo === 0 ? sorted(stops.keys()) : sorted(found.stops.keys()));
  same('leases', sorted(found.leases.keys()), sorted(leases));
  same('open', state.open, leases.size);
  same('todo', state.todo, found.todo);
  same('mark of unresolved edges', found.hasChunk, found.todo > 0);
  same('live', found.isLive, state.endedAt === undefined);
  same('slots', sorted(found.slots), each.maxParallel === undefined ? '' : sorted(running));
  if (isEnding) return faults;
  same('marks', sorted(found.marks), sorted(handedOut));
  same('queued', state.queued, handedOut.length);
  same('backlog', sorted(found.backlog), sorted(backlog));
  same('length of the backlog', state.backlog, backlog.length);
  const taken = handedOut.length + running.length;
  if (each.maxParallel !== undefined && backlog.length > 0)
    same('a job waits for a slot while one is free', taken < each.maxParallel, false);
  return faults;
}

export const describeRun = (uid: RunUid, { rows, ...rest }: RunSnapshot): string =>
  JSON.stringify({
    uid,
    ...rest,
    rows,
    marks: [...rest.marks],
    leases: [...rest.leases],
    deadlines: [...rest.deadlines],
  });
