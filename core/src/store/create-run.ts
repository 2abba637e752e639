import type { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import { compileDag, type DagNode } from '../model/dag.js';
import { jobPlan, type Pipeline } from '../model/pipeline.js';
import { executorKinds, type ExecutorKind, type RunUid } from '../model/records.js';

import { indexLines, keys, planField } from './keys.js';
import { packPlan, packWaitingRow, planFlags } from './layout.js';
import type { RunInfo } from './run-info.js';
import { readyAtOnce } from './scripts.js';
import { packSource, type Source } from './source.js';
import type { Transitions } from './transitions.js';

export interface NewRun {
  pipeline: Pipeline;
  source: Source;
  executorKind: ExecutorKind;
  /** Scoped to the caller; kept for 24 hours with the hash of the body (rule R17). */
  idempotency?: { scope: string; key: string; bodyHash: string };
}

export type CreatedRun = { kind: 'created' | 'replayed'; uid: RunUid } | { kind: 'conflict' };

/** Runs up to this size are stored by the one call that makes them visible. */
const inlineJobs = readyAtOnce;
/** Fields and values per command of what is stored before, 250 jobs (invariant I10). */
const chunkLength = 1000;
/** What was stored before expires by itself, should the process die before it is made visible. */
const unfinishedSeconds = 600;

/**
 * Stores a run and makes it visible at once: either all of it can be seen, or nothing.
 * @param connection for the rows of large runs, which go before in chunks.
 */
export async function createRun(connection: Redis, transitions: Transitions, run: NewRun): Promise<CreatedRun> {
  const { pipeline, source, executorKind, idempotency } = run;
  const uid: RunUid = uuidv7();
  const dag = compileDag(pipeline);
  const specifications = pipeline.jobs.map((job) => JSON.stringify(jobPlan(job)));
  const fields = dag.flatMap((job, index) => fieldsOf(job, index, specifications[index] ?? ''));
  const roots = dag.flatMap((job, index) => (job.dependencyCount === 0 ? [index] : []));
  const packedSource = await packSource(source);
  const info = infoOf(pipeline, executorKind);
  const request = {
    uid,
    kind: executorKinds.indexOf(executorKind),
    info: JSON.stringify(info),
    indexes: indexLines(info),
    jobCount: dag.length,
    idempotency: idempotency ? `${idempotency.scope}:${idempotency.key}` : '',
    bodyHash: idempotency?.bodyHash ?? '',
    roots: packRoots(roots.slice(0, readyAtOnce)),
    backlog: Math.max(0, roots.length - readyAtOnce),
  };
  for (;;) {
    const inline = dag.length <= inlineJobs;
    if (!inline) await storeBefore(connection, uid, { fields, backlog: roots.slice(readyAtOnce), packedSource });
    const reply = await transitions.create(inline ? { ...request, inline: { source: packedSource, fields } } : request);
    if (reply.kind === 'conflict') return { kind: 'conflict' };
    if (reply.kind !== 'incomplete') return { kind: reply.kind, uid: reply.uid };
  }
}

function infoOf(pipeline: Pipeline, executorKind: ExecutorKind): RunInfo {
  const { name, labels } = pipeline.metadata;
  const { env = {} } = pipeline;
  return {
    ...(name === undefined ? {} : { name }),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
    executorKind,
  };
}

/** A job's row and plan in `run:UID`, each behind its field. */
function fieldsOf(job: DagNode, index: number, specification: string): (string | Buffer)[] {
  const plan = packPlan(job.dependents, job.allowFailure ? planFlags.allowFailure : 0, specification);
  return [String(index), packWaitingRow(job.name, job.dependencyCount), planField(index), plan];
}

function packRoots(roots: readonly number[]): Buffer {
  const bytes = Buffer.alloc(roots.length * 2);
  roots.forEach((index, place) => bytes.writeUInt16BE(index, place * 2));
  return bytes;
}

interface StoredBefore {
  fields: readonly (string | Buffer)[];
  backlog: readonly number[];
  packedSource: Buffer;
}

/** One command after the other, so that others get their turn in between. */
async function storeBefore(connection: Redis, uid: RunUid, what: StoredBefore): Promise<void> {
  const { fields, backlog, packedSource } = what;
  await connection.set(keys.source(uid), packedSource, 'EX', unfinishedSeconds);
  for (let from = 0; from < fields.length; from += chunkLength) {
    await connection.hset(keys.run(uid), ...fields.slice(from, from + chunkLength));
    if (from === 0) await connection.expire(keys.run(uid), unfinishedSeconds);
  }
  await connection.del(keys.backlog(uid));
  for (let from = 0; from < backlog.length; from += 1000) {
    await connection.rpush(keys.backlog(uid), ...backlog.slice(from, from + 1000));
    if (from === 0) await connection.expire(keys.backlog(uid), unfinishedSeconds);
  }
}
