import type { Redis } from 'ioredis';
import type { RunRecord, RunUid } from '../../engine/records.js';
import { keys } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';

/**
 * Creation sequence and creation time rise together, but for a step of the clock of Redis backwards. Times are looked
 * for with so much to spare, and each run found is compared with the very time: so a step up to this is no harm.
 */
export const clockStepMs = 60_000;
/** Each round looks at so many places at once and leaves a part of what is between two of them. */
const probes = 15;

/** A creation sequence from which on, give or take a step of the clock, no run was created before `time`. */
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
    // Of the places that only later runs follow, the lowest is the new end.
    const end = found.findIndex(({ run }) => run === undefined || run.createdAt >= bound);
    const before = found[(end === -1 ? found.length : end) - 1]?.run;
    high = found[end]?.place ?? high;
    if (before) low = before.sequence + 1;
  }
  return low;
}

/** Whole numbers from `low` on and below `high`, spread evenly. */
function placesBetween(low: number, high: number): number[] {
  const count = Math.min(probes, high - low);
  return Array.from({ length: count }, (_, at) => low + Math.floor(((at + 1) * (high - low)) / (count + 1)));
}

/** For each place the first run from there on, if there is one; places at which one was deleted meanwhile are left out. */
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
