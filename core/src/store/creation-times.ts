import type { Redis } from 'ioredis';
import type { RunRecord, RunUid } from '../model/records.js';
import { keys } from './keys.js';

/**
 * Creation sequence and creation time rise together, but for a step of the clock of Redis backwards. Times are looked
 * for with so much to spare, and each run found is compared with the very time: so a step up to this is no harm.
 */
const clockStepMs = 60_000;
/** How many runs a probe takes: the first of them may be deleted meanwhile. */
const probed = 5;

/**
 * The creation sequence from which on all runs, give or take a step of the clock, were created at `time` or later,
 * by halving: `earliest`, no such run comes before it; `latest`, none that was created earlier comes after.
 */
export async function findSequence(
  connection: Redis,
  readRuns: (uids: readonly RunUid[]) => Promise<RunRecord[]>,
  time: number,
  side: 'earliest' | 'latest',
): Promise<number> {
  const bound = side === 'earliest' ? time - clockStepMs : time + clockStepMs;
  let low = 0;
  let high = Number((await connection.hget(keys.counters, 'sequence')) ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const uids = await connection.zrange(keys.runs, middle, '+inf', 'BYSCORE', 'LIMIT', 0, probed);
    const [run] = await readRuns(uids);
    if (!run || run.createdAt >= bound) high = middle;
    else low = run.sequence + 1;
  }
  return low;
}
