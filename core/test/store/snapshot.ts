import type { Redis } from 'ioredis';
import type { RunUid } from '../../src/model/records.js';
import { keys, parseAttemptId } from '../../src/store/keys.js';
import { unpackRow, unpackState, type Row, type RunState } from '../../src/store/layout.js';
import type { EndRequest } from './replay.js';

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

export const describeRun = (uid: RunUid, { rows, ...rest }: RunSnapshot): string =>
  JSON.stringify({
    uid,
    ...rest,
    rows,
    marks: [...rest.marks],
    leases: [...rest.leases],
    deadlines: [...rest.deadlines],
  });
