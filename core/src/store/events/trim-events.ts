import type { Redis } from 'ioredis';
import { eventsOf, type Entry } from './event-entries.js';
import { keys } from '../redis/keys.js';

export interface EventRetention {
  /** Events before this time may be removed; milliseconds since 1970. */
  before: number;
  /** Above this memory the oldest events go whatever their age; 0: no limit. */
  limitBytes: number;
}

/** Entries that one command removes (see Bounded calls) when it drops whole nodes of the stream. */
const nodesStep = 2_000;
/** Entries that one command removes when it drops them one by one. */
const entriesStep = 500;

/**
 * Removes old entries of the event stream in steps (see Event stream). It never removes the newest entry, or one that a
 * consumer group has still to read or to acknowledge. Up to one node of removable entries stays.
 *
 * @returns how many entries were removed
 */
export async function trimEvents(
  connection: Redis,
  { before, limitBytes }: EventRetention,
  signal: AbortSignal,
): Promise<number> {
  const needed = await firstNeeded(connection);
  if (needed === undefined) return 0;
  let removed = 0;
  const bound = before > 0 ? lower(await firstSince(connection, before), needed) : undefined;
  for (let step = -1; step !== 0 && bound !== undefined && !signal.aborted; removed += Math.max(0, step)) {
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

/**
 * The id from which all events are younger than `time`, behind the last older one. Ids come from the clock of Redis
 * with all its jumps, but always rise: while the clock is behind, they keep the same milliseconds and count up. The
 * times of the events do not jump (see Clock).
 */
async function firstSince(connection: Redis, time: number): Promise<string> {
  const isOldFrom = async (id: string) => {
    const [entry] = await connection.xrange(keys.events, id, '+', 'COUNT', 1);
    return entry !== undefined && (eventsOf(entry)[0]?.time ?? 0) < time;
  };
  if (!(await isOldFrom('-'))) return '0-0';
  const partsOf = ([entry]: Entry[]) => (entry?.[0] ?? '0-0').split('-').map(Number);
  const [oldestMs = 0] = partsOf(await connection.xrange(keys.events, '-', '+', 'COUNT', 1));
  const [newestMs = 0] = partsOf(await connection.xrevrange(keys.events, '+', '-', 'COUNT', 1));
  const ms = await lastThat(oldestMs, newestMs + 1, (middle) => isOldFrom(`${String(middle)}-0`));
  const ofMs = String(ms);
  const [, lastNumber = 0] = partsOf(await connection.xrevrange(keys.events, ofMs, '-', 'COUNT', 1));
  const number = await lastThat(0, lastNumber + 1, (middle) => isOldFrom(`${ofMs}-${String(middle)}`));
  return `${ofMs}-${String(number)}`;
}

/** Binary search: the last number for which `holds` is true. It is true for `low` and false for `high`. */
async function lastThat(low: number, high: number, holds: (number: number) => Promise<boolean>): Promise<number> {
  if (high - low <= 1) return low;
  const middle = Math.floor((low + high) / 2);
  return (await holds(middle)) ? lastThat(middle, high, holds) : lastThat(low, middle, holds);
}

/** The id of the oldest entry that a consumer group still needs, at most the newest entry. */
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
