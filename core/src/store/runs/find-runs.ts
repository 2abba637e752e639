import type { Redis } from 'ioredis';
import type { RunRecord, RunUid } from '../../engine/records.js';
import { clockStepMs, findSequence } from './creation-times.js';
import { MergedRuns, type ListedRun } from './merge-runs.js';
import { repliesOf } from '../redis/replies-of.js';
import { matches, type RunFilter } from './run-filter.js';
import { chooseSource } from './run-sources.js';

export interface RunPage {
  /** Newest first. */
  runs: RunRecord[];
  /** The `before` of the next page; absent on the last one. A page may be short, or empty, and have one. */
  next?: number;
  /** How many runs the filter means altogether, where one look tells. */
  total?: number;
}

export interface RunsAsked {
  filter?: RunFilter;
  /** A creation sequence. */
  before?: number;
  limit: number;
}

type ReadRuns = (uids: readonly RunUid[]) => Promise<RunRecord[]>;

/** How many runs one page looks at: what finds little may answer a short page (see Bounded calls). */
const examinedMax = 2000;
/** For how long one page looks, likewise. */
const examinedMs = 20;
/** Runs looked at in one go. */
const examinedAtOnce = 250;

/** The runs that a filter means, page by page; each costs what it shows, or what it looks at. */
export async function findRuns(connection: Redis, readRuns: ReadRuns, asked: RunsAsked): Promise<RunPage> {
  const { filter = {}, before, limit } = asked;
  const [source, start] = await Promise.all([
    chooseSource(connection, filter),
    before ?? (filter.until === undefined ? Infinity : findSequence(connection, readRuns, filter.until)),
  ]);
  const merged = new MergedRuns(connection, source.keys, start);
  const found: RunRecord[] = [];
  const deadline = performance.now() + examinedMs;
  let examined = 0;
  let last = 0;
  let more = true;
  while (more && found.length <= limit && examined < examinedMax) {
    if (examined > 0 && !source.exact && performance.now() > deadline) break;
    const count = source.exact ? limit + 1 - found.length : Math.min(examinedAtOnce, examinedMax - examined);
    const listed = await merged.next(count);
    const uids = await keepMembers(connection, listed.map(({ uid }) => uid), source.others); // prettier-ignore
    const runs = await readRuns(uids);
    found.push(...runs.filter((run) => matches(filter, run)));
    examined += listed.length;
    last = listed.at(-1)?.sequence ?? last;
    more = listed.length === count && !(await isTooOld(readRuns, listed.at(-1), filter));
  }
  const total = source.exact ? { total: source.size } : {};
  if (found.length > limit) return { runs: found.slice(0, limit), next: found[limit - 1]?.sequence ?? last, ...total };
  return { runs: found, ...(more ? { next: last } : {}), ...total };
}

/** Those that stand in one of the keys of each of the sets: far cheaper to ask than to read what is not meant. */
async function keepMembers(
  connection: Redis,
  uids: readonly RunUid[],
  sets: readonly (readonly string[])[],
): Promise<readonly RunUid[]> {
  if (uids.length === 0 || sets.length === 0) return uids;
  const pipeline = connection.pipeline();
  for (const key of sets.flat()) pipeline.zmscore(key, ...uids);
  const scores = ((await repliesOf(pipeline)) as (string | null)[][]).values();
  const standings = sets.map((set) => set.map(() => scores.next().value ?? []));
  return uids.filter((_, at) => standings.every((set) => set.some((each) => each[at] !== null)));
}

/** Whether all runs after this one are older than what is asked for. */
async function isTooOld(readRuns: ReadRuns, run: ListedRun | undefined, { since }: RunFilter): Promise<boolean> {
  if (run === undefined || since === undefined) return false;
  const [read] = await readRuns([run.uid]);
  return read !== undefined && read.createdAt < since - clockStepMs;
}
