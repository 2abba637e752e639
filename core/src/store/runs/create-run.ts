import type { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { RunUid } from '../../engine/records.js';
import { initialJobStates, waiting, type InitialJobState } from '../../engine/initial-job-state.js';
import { backlogMember, backlogScore, indexLines, keys, planField } from '../redis/keys.js';
import { packInitialRow, packSlices, runFlags, unpackPool } from '../script/layout.js';
import { mayHaveTitles } from './job-titles.js';
import { countDependencies, packPipeline, planOf, type PackedPipeline } from './pack-pipeline.js';
import type { RunInfo } from './run-info.js';
import { readyAtOnce, storeBeforeScript } from '../script/library.js';
import { packSource, type Source } from './source.js';
import type { Transitions } from '../script/transitions.js';

export interface NewRun {
  /** Already packed if another thread read it, or another run has it. */
  pipeline: Pipeline | PackedPipeline;
  /** Packed if another run has it. */
  source: Source | Buffer;
  /** The pool of jobs whose pipeline names none. */
  defaultPool: string;
  idempotency?: IdempotencyKey;
  /** 1 to 255 visible ASCII characters (see External ids). */
  externalId?: string;
  /** For a run that reuses jobs of another one (see Reruns). */
  rerun?: Rerun;
}

/** Scoped to the caller; kept for 24 hours with the hash of the body (see Idempotency keys). */
export interface IdempotencyKey {
  scope: string;
  key: string;
  bodyHash: string;
}

export interface Rerun {
  of: RunUid;
  /** The initial state of each job, by index. */
  standings: readonly InitialJobState[];
  /** The fields of `run:UID` for reused jobs, each before its value (`reusedField`, `outputsField`). */
  fields: readonly (string | Buffer)[];
}

export type CreatedRun = { kind: 'created' | 'replayed'; uid: RunUid } | { kind: 'conflict' };

/** A run with the external id exists. */
export interface ExternalIdTaken {
  kind: 'taken';
}

/** Runs up to this size are stored by the same call that makes them visible. */
const inlineJobs = readyAtOnce;
/** Fields and values per command that stores rows in advance, 250 jobs (see Bounded calls). */
const chunkLength = 1000;
/** The approximate size of one command, so that a few large jobs do not block Redis and this process. */
const chunkBytes = 512 * 1024;
/** Rows stored in advance expire by themselves, in case the process dies before the run is visible. */
const unfinishedSeconds = 600;

/**
 * Stores a run and makes it visible at once: either all of it can be seen, or nothing.
 * @param connection stores the rows of large runs in advance, in chunks
 */
export async function createRun(
  connection: Redis,
  transitions: Transitions,
  run: NewRun,
): Promise<CreatedRun | ExternalIdTaken> {
  const { source, idempotency, rerun } = run;
  const pipeline = 'plans' in run.pipeline ? run.pipeline : packPipeline(run.pipeline);
  const { jobNames, jobPools, priorities, priority, pool = run.defaultPool, maxParallel, timeoutMs } = pipeline;
  const uid: RunUid = uuidv7();
  const standings = rerun?.standings ?? initialJobStates(countDependencies(pipeline));
  const inline = jobNames.length <= inlineJobs;
  const roots = rootsOf(standings, priorities);
  const hasPools = jobPools.some((each) => each !== '');
  // If slots decide, or pools, the roots of a larger run all begin in the backlog.
  const handedOut = inline || (maxParallel === 0 && !hasPools) ? roots.slice(0, readyAtOnce) : [];
  const parked = roots.slice(handedOut.length);
  const parkedIn = hasPools ? groupByPool(pipeline, parked, pool) : undefined;
  const waitsForSlot = new Set(maxParallel > 0 ? parked : []);
  const fields = [...jobNames.flatMap(fieldsOfJob), ...(rerun?.fields ?? [])];
  const packedSource = Buffer.isBuffer(source) ? source : await packSource(source);
  const hasPriorities = priorities.some((each) => each !== priority);
  const info = infoOf(pipeline, run);
  const request = {
    uid,
    pool,
    pools: packSlices([...(parkedIn ?? [])].map(([name, { length }]) => ({ pool: name, queued: 0, backlog: length }))),
    info: JSON.stringify(info),
    shared: pipeline.shared,
    indexes: indexLines(info),
    jobCount: jobNames.length,
    idempotency: idempotency ? `${idempotency.scope}:${idempotency.key}` : '',
    bodyHash: idempotency?.bodyHash ?? '',
    externalId: run.externalId,
    roots: packRoots(handedOut),
    backlog: hasPools ? 0 : parked.length,
    flags:
      (hasPriorities ? runFlags.jobPriorities : 0) |
      (timeoutMs === undefined ? 0 : runFlags.timeout) |
      (hasPools ? runFlags.jobPools : 0),
    priority,
    maxParallel,
    timeoutMs,
    successful: count(standings, 'SUCCESSFUL'),
    skipped: count(standings, 'SKIPPED'),
    fieldCount: fields.length / 2,
    inline: inline ? { source: packedSource, fields } : undefined,
  };
  const entriesOf = (indexes: readonly number[]) =>
    indexes.flatMap((index) => [backlogScore(priorities[index] ?? 0), backlogMember(index)]);
  const backlogs = parkedIn
    ? [...parkedIn].map(([name, indexes]) => ({ key: keys.backlog(uid, name), entries: entriesOf(indexes) }))
    : [{ key: keys.backlog(uid), entries: entriesOf(parked) }];
  for (;;) {
    if (!inline) await storeBefore(connection, uid, { fields, backlogs, packedSource });
    const reply = await transitions.create(request);
    if (reply.kind === 'conflict' || reply.kind === 'taken') return { kind: reply.kind };
    if (reply.kind !== 'incomplete') return { kind: reply.kind, uid: reply.uid };
  }

  /** A job's row and plan in `run:UID`, each after its field. */
  function fieldsOfJob(name: string, index: number): (string | Buffer)[] {
    const standing = standings[index] ?? waiting(0);
    const reason = waitsForSlot.has(index) ? 'WaitingForSlot' : standing.reason;
    const row = { name, status: standing.status, reason, unsatisfied: standing.unsatisfied };
    return [String(index), packInitialRow(row), planField(index), planOf(pipeline, index)];
  }
}

/** The jobs that are ready from the beginning, in starting order: by priority, then by position in the pipeline. */
function rootsOf(standings: readonly InitialJobState[], priorities: Int8Array): number[] {
  const roots = standings.flatMap(({ status, unsatisfied }, index) =>
    status === 'PENDING' && unsatisfied === 0 ? [index] : [],
  );
  return roots.sort((one, other) => (priorities[other] ?? 0) - (priorities[one] ?? 0));
}

/** Some jobs by pool; each pool of the pipeline is there. */
function groupByPool(pipeline: PackedPipeline, indexes: readonly number[], ofRun: string): Map<string, number[]> {
  const groups = new Map(pipeline.jobPools.map((pool): [string, number[]] => [pool || ofRun, []]));
  for (const index of indexes) groups.get(unpackPool(planOf(pipeline, index)) || ofRun)?.push(index);
  return groups;
}

const count = (standings: readonly InitialJobState[], wanted: InitialJobState['status']): number =>
  standings.filter(({ status }) => status === wanted).length;

function infoOf(pipeline: PackedPipeline, { externalId, rerun }: NewRun): RunInfo {
  const { name, title, labels, pool, timeoutMs } = pipeline;
  return {
    ...(name === undefined ? {} : { name }),
    ...(title === undefined ? {} : { title }),
    ...(mayHaveTitles(pipeline) && { titled: true }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(pool === undefined ? {} : { pool }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(rerun === undefined ? {} : { rerunOf: rerun.of }),
  };
}

function packRoots(roots: readonly number[]): Buffer {
  const bytes = Buffer.alloc(roots.length * 2);
  roots.forEach((index, place) => bytes.writeUInt16BE(index, place * 2));
  return bytes;
}

interface StoredBefore {
  fields: readonly (string | Buffer)[];
  /** The entries are scores and members alternating. */
  backlogs: readonly { key: string; entries: readonly (string | number)[] }[];
  packedSource: Buffer;
}

/** One call after the other, so that other clients get their turn. Each call extends the key's life. */
async function storeBefore(connection: Redis, uid: RunUid, what: StoredBefore): Promise<void> {
  const { fields, backlogs, packedSource } = what;
  const store = (key: string, command: 'SET' | 'HSET' | 'ZADD', values: readonly (string | number | Buffer)[]) =>
    connection.call('EVAL', storeBeforeScript, 1, key, command, unfinishedSeconds, ...values);
  for (const chunk of chunksOf(fields)) await store(keys.run(uid), 'HSET', chunk);
  for (const { key, entries } of backlogs) {
    await connection.del(key);
    for (let from = 0; from < entries.length; from += chunkLength)
      await store(key, 'ZADD', entries.slice(from, from + chunkLength));
  }
  await store(keys.source(uid), 'SET', [packedSource]);
}

/** Splits the fields, each with its value, into commands. */
function* chunksOf(fields: readonly (string | Buffer)[]): Generator<(string | Buffer)[]> {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < fields.length; at += 2) {
    bytes += fields[at + 1]?.length ?? 0;
    if (at + 2 - from < chunkLength && bytes < chunkBytes) continue;
    yield fields.slice(from, at + 2);
    from = at + 2;
    bytes = 0;
  }
  if (from < fields.length) yield fields.slice(from);
}
