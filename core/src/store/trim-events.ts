import type { Redis } from 'ioredis';
import { keys } from './keys.js';

export interface EventRetention {
  /** Events before this time may go; milliseconds since 1970. */
  before: number;
  /** From so much memory on the oldest go whatever their age; 0: no limit. */
  limitBytes: number;
}

/** Entries that one command removes (invariant I10), where whole nodes of the stream go. */
const nodesStep = 2_000;
/** Likewise, where they go one by one. */
const entriesStep = 500;

/**
 * Rule R18: removes old entries of the event stream in steps, never one that a consumer group has still to read or
 * to acknowledge, and not the newest. Up to a node of entries that may go is left.
 *
 * @returns how many entries were removed.
 */
export async function trimEvents(
  connection: Redis,
  { before, limitBytes }: EventRetention,
  signal: AbortSignal,
): Promise<number> {
  const needed = await firstNeeded(connection);
  if (needed === undefined) return 0;
  let removed = 0;
  for (let step = -1; step !== 0 && before > 0 && !signal.aborted; removed += Math.max(0, step)) {
    const bound = lower(`${String(before)}-0`, needed);
    step = await connection.xtrim(keys.events, 'MINID', '~', bound, 'LIMIT', nodesStep);
  }
  while (limitBytes > 0 && !signal.aborted && (await memoryOf(connection)) > limitBytes) {
    const oldest = await connection.xrange(keys.events, '-', '+', 'COUNT', entriesStep);
    const last = oldest.at(-1)?.[0];
    if (last === undefined) break;
    const step = await connection.xtrim(keys.events, 'MINID', lower(last, needed));
    if (step === 0) break;
    removed += step;
  }
  return removed;
}

const memoryOf = async (connection: Redis): Promise<number> => (await connection.memory('USAGE', keys.events)) ?? 0;

/** The oldest entry that a consumer group has not done with, at the latest the newest: its id is where the stream ends. */
async function firstNeeded(connection: Redis): Promise<string | undefined> {
  const [newest] = await connection.xrevrange(keys.events, '+', '-', 'COUNT', 1);
  if (!newest) return undefined;
  const groups = (await connection.xinfo('GROUPS', keys.events)) as (string | number)[][];
  let [needed] = newest;
  for (const fields of groups) {
    const valueOf = (name: string) => String(fields[fields.indexOf(name) + 1]);
    const [pending, first] = (await connection.xpending(keys.events, valueOf('name'))) as [number, string | null];
    needed = lower(pending > 0 && first !== null ? first : valueOf('last-delivered-id'), needed);
  }
  return needed;
}

/** The lower of two ids of entries, `ms-number`. */
function lower(one: string, other: string): string {
  const [oneMs = 0, oneNumber = 0] = one.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return oneMs < otherMs || (oneMs === otherMs && oneNumber < otherNumber) ? one : other;
}
