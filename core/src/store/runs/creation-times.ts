import type { Redis } from 'ioredis';
import type { RunRecord, RunUid } from '../../engine/records.js';
import { keys } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';

/**
 * Creation sequence and creation time rise together, unless the clock of Redis steps back. Searches add this margin,
 * and compare the exact time of each run found. So steps up to this size do no harm.
 */
export const clockStepMs = 60_000;
/** Each round of the search probes this many positions at once. */
const probes = 15;

/** A creation sequence from which on, within a clock step, no run was created before `time`. */
export async function findSequence(
  connection: Redis,
  readRuns: (uids: readonly RunUid[]) => Promise<RunRecord[]>,
  time: number,
): Promise<number> {
  const bound = time + clockStepMs;
  let low = 0;
  let high = Number((await connection.hget(keys.counters, 'sequence')) ?? 0) + 1;
  while (low < high) {
    const places = placesBetween(low, high);
    const found = await firstRunsFrom(connection, readRuns, places);
    // The lowest position that only later runs follow is the new end.
    const end = found.findIndex(({ run }) => run === undefined || run.createdAt >= bound);
    const before = found[(end === -1 ? found.length : end) - 1]?.run;
    high = found[end]?.place ?? high;
    if (before) low = before.sequence + 1;
  }
  return low;
}

/** Evenly spread whole numbers from `low` to below `high`. */
function placesBetween(low: number, high: number): number[] {
  const count = Math.min(probes, high - low);
  return Array.from({ length: count }, (_, at) => low + Math.floor(((at + 1) * (high - low)) / (count + 1)));
}

/** For each position the first run from there on, if any. Positions whose run was deleted meanwhile are left out. */
async function firstRunsFrom(
  connection: Redis,
  readRuns: (uids: readonly RunUid[]) => Promise<RunRecord[]>,
  places: readonly number[],
): Promise<{ place: number; run: RunRecord | undefined }[]> {
  const pipeline = connection.pipeline();
  for (const place of places) pipeline.zrange(keys.runs, place, '+inf', 'BYSCORE', 'LIMIT', 0, 1);
  const uids = ((await repliesOf(pipeline)) as string[][]).map(([uid]) => uid);
  const runs = await readRuns(uids.flatMap((uid) => uid ?? []));
  const byUid = new Map(runs.map((run) => [run.uid, run]));
  return places.flatMap((place, at) => {
    const uid = uids[at];
    const run = uid === undefined ? undefined : byUid.get(uid);
    return uid !== undefined && run === undefined ? [] : [{ place, run }];
  });
}
