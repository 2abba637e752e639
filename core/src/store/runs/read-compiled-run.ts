import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import type { Dependencies } from '../../engine/transitive-dependents.js';
import { keys, planField } from '../redis/keys.js';
import { priorityIn, unpackPool, unpackRow, unpackState } from '../script/layout.js';
import { joinPlans, reverseEdgesOf, type PackedPipeline } from './pack-pipeline.js';
import { parseRunInfo } from './run-info.js';

/** Jobs read in one command: their plans contain scripts. Other clients get their turn in between (see Bounded calls). */
const page = 250;

/** A run as it was compiled when it was created, and its source, packed. */
export interface CompiledRun {
  pipeline: PackedPipeline;
  source: Buffer;
}

/**
 * Reads what `createRun` stored. The source is copied and not read: this version might understand it differently (see
 * Compiled pipelines).
 *
 * @returns undefined if there is no such run
 */
export async function readCompiledRun(connection: Redis, uid: RunUid): Promise<CompiledRun | undefined> {
  const [stateBytes, infoBytes, sharedBytes] = await connection.hmgetBuffer(keys.run(uid), 'state', 'info', 'shared');
  if (!stateBytes || !infoBytes) return undefined;
  const { jobCounts, priority, maxParallel } = unpackState(stateBytes);
  const jobCount = sum(Object.values(jobCounts));
  const [plans, jobNames, source] = await Promise.all([
    readPlans(connection, uid, jobCount),
    readNames(connection, uid, jobCount),
    connection.getBuffer(keys.source(uid)),
  ]);
  if (!plans || !jobNames || !source) return undefined;
  const { name, title, labels = {}, pool, timeoutMs } = parseRunInfo(infoBytes.toString());
  const pipeline: PackedPipeline = {
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    labels,
    ...(sharedBytes && { shared: sharedBytes.toString() }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    priority,
    ...(pool !== undefined && { pool }),
    jobPools: [...new Set(plans.map(unpackPool))],
    maxParallel,
    jobNames,
    priorities: Int8Array.from(plans, priorityIn),
    plans: joinPlans(plans),
  };
  return { pipeline, source };
}

/** The dependencies of each job of a run, by index; undefined if there is no such run. Reads all plans. */
export async function readDependencies(connection: Redis, uid: RunUid): Promise<Dependencies[] | undefined> {
  const state = await connection.hgetBuffer(keys.run(uid), 'state');
  if (!state) return undefined;
  const plans = await readPlans(connection, uid, sum(Object.values(unpackState(state).jobCounts)));
  return plans && reverseEdgesOf(plans);
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const readPlans = (connection: Redis, uid: RunUid, jobCount: number): Promise<Buffer[] | undefined> =>
  readFields(connection, uid, jobCount, planField);

async function readNames(connection: Redis, uid: RunUid, jobCount: number): Promise<string[] | undefined> {
  const rows = await readFields(connection, uid, jobCount, String);
  return rows?.map((row) => unpackRow(row).name);
}

/** One field of each job; undefined if the run is deleted meanwhile. */
async function readFields(
  connection: Redis,
  uid: RunUid,
  jobCount: number,
  fieldOf: (jobIndex: number) => string,
): Promise<Buffer[] | undefined> {
  const found: Buffer[] = [];
  for (let from = 0; from < jobCount; from += page) {
    const length = Math.min(page, jobCount - from);
    const fields = Array.from({ length }, (_, place) => fieldOf(from + place));
    for (const value of await connection.hmgetBuffer(keys.run(uid), ...fields)) {
      if (!value) return undefined;
      found.push(value);
    }
  }
  return found;
}
