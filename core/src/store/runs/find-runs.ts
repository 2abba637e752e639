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
  /** The `before` of the next page; absent on the last one. A page with `next` may be short or empty. */
  next?: number;
  /** The total number of runs that match, if it is known without a search. */
  total?: number;
}

export interface RunsAsked {
  filter?: RunFilter;
  /** A creation sequence. */
  before?: number;
  limit: number;
}

type ReadRuns = (uids: readonly RunUid[]) => Promise<RunRecord[]>;

/** How many runs one page examines. A filter that matches little may give a short page (see Bounded calls). */
const examinedMax = 2000;
/** The time limit of one page, for the same reason. */
const examinedMs = 20;
/** Runs examined in one batch. */
const examinedAtOnce = 250;

/** The runs that match a filter, page by page. A page costs what it shows, or what it examines. */
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

/**
 * Keeps the runs that are in at least one key of every set. This is far cheaper than reading runs that do not match.
 */
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

/** Whether all runs after this one are too old. */
async function isTooOld(readRuns: ReadRuns, run: ListedRun | undefined, { since }: RunFilter): Promise<boolean> {
  if (run === undefined || since === undefined) return false;
  const [read] = await readRuns([run.uid]);
  return read !== undefined && read.createdAt < since - clockStepMs;
}
