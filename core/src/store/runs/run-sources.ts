import type { Redis } from 'ioredis';
import { isFinalRun, runStatuses, type RunStatus } from '../../engine/states.js';
import { keys } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';
import type { RunFilter } from './run-filter.js';

/** Sorted sets of uids by creation sequence that together contain every run that matches a part of a filter. */
interface RunSet {
  keys: readonly string[];
  /** They contain no other run. */
  exact: boolean;
}

/** Where to search the runs that match a filter. */
export interface RunSource extends RunSet {
  /** How many runs these sets have. */
  size: number;
  /** The sets of the filter's other parts. A match must be in at least one key of each. */
  others: readonly (readonly string[])[];
}

/** Above this many names with the prefix, runs are examined one by one instead. */
const namesAtOnce = 64;
/** With more sets than this, reading a run costs less than looking it up in them. */
const keysAtMost = 8;

const finalStatuses = runStatuses.filter(isFinalRun);

/** The smallest source for a filter; an exact one among equals. */
export async function chooseSource(connection: Redis, filter: RunFilter): Promise<RunSource> {
  const { statuses, name, namePrefix, externalId, labels = [], since, until } = filter;
  const parts =
    [statuses, name, namePrefix, externalId, since, until].filter((part) => part !== undefined).length + labels.length;
  const all: RunSet = { keys: [keys.runs], exact: parts === 0 };
  const sets = [all];
  const add = (each: readonly string[], holdsOnly = true) => {
    sets.push({ keys: each, exact: holdsOnly && parts === 1 });
  };
  if (name !== undefined) add([keys.name(name)]);
  if (externalId !== undefined) add([keys.external(externalId)]);
  const names = namePrefix === undefined ? undefined : await namesWith(connection, namePrefix);
  if (names) add(names.map(keys.name));
  for (const { key, value } of labels) if (value !== undefined) add([keys.label(key, value)]);
  if (statuses) add(keysOfStatuses(statuses), !statuses.includes('PENDING') || statuses.includes('RUNNING'));
  const sizes = await sizesOf(connection, sets);
  const [smallest = all, ...others] = sets.toSorted(
    (one, other) => sizeOf(one) - sizeOf(other) || Number(other.exact) - Number(one.exact),
  );
  return {
    ...smallest,
    size: sizeOf(smallest),
    others: others.map((set) => set.keys).filter((each) => each.length <= keysAtMost && each !== all.keys),
  };

  function sizeOf(set: RunSet): number {
    return sizes[sets.indexOf(set)] ?? 0;
  }
}

/** The number of runs in each status. */
export async function countRuns(connection: Redis): Promise<Record<RunStatus, number>> {
  const others = runStatuses.filter((status) => status !== 'PENDING');
  const sources = [[keys.live], ...others.map((status) => [keys.status(status)])];
  const [live = 0, ...counts] = await sizesOf(
    connection,
    sources.map((each) => ({ keys: each })),
  );
  const byStatus = Object.fromEntries(others.map((status, at) => [status, counts[at] ?? 0])) as Record<
    RunStatus,
    number
  >;
  return { ...byStatus, PENDING: Math.max(0, live - byStatus.RUNNING) };
}

/**
 * In the order in which a run passes through them: a run that changes its status while the sets are read one by one is
 * seen at least once. PENDING runs have no set of their own: they are in that of all live runs.
 */
function keysOfStatuses(statuses: readonly RunStatus[]): string[] {
  const live = statuses.includes('PENDING')
    ? [keys.live]
    : statuses.includes('RUNNING')
      ? [keys.status('RUNNING')]
      : [];
  return [...live, ...finalStatuses.filter((status) => statuses.includes(status)).map(keys.status)];
}

/** The names with a prefix; undefined if there are too many. Names have only characters before `~`. */
async function namesWith(connection: Redis, namePrefix: string): Promise<string[] | undefined> {
  const names = await connection.zrangebylex(
    keys.names,
    `[${namePrefix}`,
    `(${namePrefix}~`,
    'LIMIT',
    0,
    namesAtOnce + 1,
  );
  return names.length > namesAtOnce ? undefined : names;
}

async function sizesOf(connection: Redis, sources: readonly Pick<RunSet, 'keys'>[]): Promise<number[]> {
  const pipeline = connection.pipeline();
  for (const source of sources) for (const key of source.keys) pipeline.zcard(key);
  const sizes = ((await repliesOf(pipeline)) as number[]).values();
  return sources.map((source) => source.keys.reduce((sum) => sum + (sizes.next().value ?? 0), 0));
}
