import type { Redis } from 'ioredis';
import type { RunUid } from '../../../src/engine/records.js';
import { parseAttemptId, prefix } from '../../../src/store/redis/keys.js';
import {
  unpackRow,
  unpackSlices,
  unpackState,
  type PoolSlice,
  type Row,
  type RunState,
} from '../../../src/store/script/layout.js';
import { casePools, type Pool } from './random-case.js';
import type { EndRequest } from './replay.js';

/** Everything that Redis holds of one run, except its logs and plans. */
export interface RunSnapshot {
  state: RunState;
  rows: Row[];
  /** Absent if its jobs are all in one pool. */
  slices?: PoolSlice[];
  slots: string[];
  /** Of a run whose jobs are all in one pool. */
  backlog: string[];
  backlogs: Record<Pool, string[]>;
  todo: number;
  /** `index.attempt.epoch.owner` → when it expires. */
  leases: Map<string, number>;
  /** `index.attempt` */
  marks: Record<Pool, Set<string>>;
  /** `index.attempt` → code of the reason. */
  stops: Map<string, string>;
  /** `index.attempt.KIND` → when it is due. */
  deadlines: Map<string, number>;
  hasChunk: boolean;
  isLive: boolean;
}

export interface Snapshot {
  runs: Map<RunUid, RunSnapshot>;
  /** Equal for two snapshots if nothing has changed in between. */
  text: () => string;
}

/** One script costs much less than some hundred commands. */
const readAll = `
local function all(key, ...) return redis.call('ZRANGE', key, 0, -1, ...) end
local P, found = KEYS[1], {}
for uid, count in string.gmatch(ARGV[1], '(%S+) (%d+),?') do
  local fields = { 'state', 'pools' }
  for index = 0, count - 1 do fields[index + 3] = string.format('%d', index) end
  found[#found + 1] = { redis.call('HMGET', P .. 'run:' .. uid, unpack(fields)), redis.call('HLEN', P .. 'attempts:' .. uid),
    all(P .. 'slots:' .. uid), redis.call('LLEN', P .. 'todo:' .. uid),
    all(P .. 'backlog:' .. uid), all(P .. 'backlog:' .. uid .. ':fake'), all(P .. 'backlog:' .. uid .. ':other') }
end
local executors = {}
for i = 2, #ARGV do
  executors[#executors + 1] = { all(P .. 'leases:' .. ARGV[i], 'WITHSCORES'), redis.call('HGETALL', P .. 'stops:' .. ARGV[i]) }
end
return { found, all(P .. 'marks:fake'), all(P .. 'marks:other'), all(P .. 'deadlines', 'WITHSCORES'), all(P .. 'chunks'), all(P .. 'live'), executors }`;

type Reply = Buffer | number | null | readonly Reply[];

/** Reads everything of these runs at one moment. */
export async function takeSnapshot(
  client: Redis,
  wanted: readonly { run: RunUid; jobCount: number }[],
  executors: readonly number[],
): Promise<Snapshot> {
  const list = wanted.map(({ run, jobCount }) => `${run} ${jobCount}`).join(',');
  const reply = (await client.callBuffer('EVAL', readAll, 1, prefix, list, ...executors)) as Reply[];
  const [found, fake, other, deadlines, chunks, live, ofExecutors] = reply as Reply[][];
  const runs = new Map(wanted.map(({ run }, at) => [run, runSnapshot(found![at] as Reply[])]));
  const owner = (id: string): RunSnapshot | undefined => runs.get(parseAttemptId(id).run);
  [fake, other].forEach((marks, at) => {
    for (const mark of texts(marks)) owner(mark)?.marks[casePools[at]!].add(tail(mark));
  });
  for (const [id, at] of pairs(deadlines)) owner(id)?.deadlines.set(tail(id), Number(at));
  for (const uid of texts(chunks)) Object.assign(runs.get(uid) ?? {}, { hasChunk: true });
  for (const uid of texts(live)) Object.assign(runs.get(uid) ?? {}, { isLive: true });
  for (const [leases, stops] of ofExecutors as Reply[][]) {
    for (const [lease, at] of pairs(leases)) owner(lease)?.leases.set(tail(lease), Number(at));
    for (const [id, code] of pairs(stops)) owner(id)?.stops.set(tail(id), code);
  }
  return { runs, text: () => textOf(reply) };
}

const tail = (id: string): string => id.slice(id.indexOf('.') + 1);

const texts = (reply: Reply | undefined): string[] => (reply as Buffer[]).map((each) => each.toString('latin1'));

function pairs(reply: Reply | undefined): [string, string][] {
  const list = texts(reply);
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]!] as [string, string]] : []));
}

function runSnapshot([fields, , slots, todo, backlog, fake, other]: readonly Reply[]): RunSnapshot {
  const [state, pools, ...rows] = fields as (Buffer | null)[];
  return {
    state: unpackState(state!),
    ...(pools && { slices: unpackSlices(pools.toString()) }),
    rows: rows.map((row) => unpackRow(row!)),
    slots: texts(slots),
    backlog: texts(backlog),
    backlogs: { fake: texts(fake), other: texts(other) },
    todo: todo as number,
    leases: new Map(),
    marks: { fake: new Set(), other: new Set() },
    stops: new Map(),
    deadlines: new Map(),
    hasChunk: false,
    isLive: false,
  };
}

function textOf(reply: Reply): string {
  if (typeof reply === 'number' || reply === null) return String(reply);
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : `[${(reply as Reply[]).map(textOf).join('\n')}]`;
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
    marks: { fake: [...rest.marks.fake], other: [...rest.marks.other] },
    leases: [...rest.leases],
    deadlines: [...rest.deadlines],
  });
