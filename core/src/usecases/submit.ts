import { createHash } from 'node:crypto';
import type { ExecutorKind, RunUid } from '../engine/records.js';
import type { CreatedRun, IdempotencyKey } from '../store/runs/create-run.js';
import type { Source } from '../store/runs/source.js';
import type { Store } from '../store/store.js';
import type { PipelineReading } from './prepare-pipeline.js';
import type { Refusal } from './refusal.js';

/** What it takes to make a run. */
export interface RunMaking {
  store: Pick<Store, 'runs'>;
  pipelines: PipelineReading;
  /** The kind of executor that new runs are for. */
  executorKind: ExecutorKind;
}

/** A repeat with the same key makes no second run (see Idempotency keys). */
export type RequestKey = Omit<IdempotencyKey, 'bodyHash'>;

/** `replayed`: the run of the first request with this key; it may have been deleted since. */
export type MadeRun = { kind: 'created' | 'replayed'; uid: RunUid } | Refusal<'key-reused'>;

export type Submission =
  (Exclude<MadeRun, Refusal> & { jobCount: number }) | Refusal<'invalid-pipeline' | 'key-reused'>;

/**
 * Checks a pipeline, and stores a run of it.
 *
 * @param source its text, as UTF-8, and its media type
 * @returns for an invalid pipeline the first 100 mistakes
 * @throws StoreFull, or StoreUnavailable: the run may or may not have been made; submit again with the same key.
 *   What the reading of pipelines throws
 */
export async function submit(
  { store, pipelines, executorKind }: RunMaking,
  source: Source,
  key?: RequestKey,
): Promise<Submission> {
  const read = await pipelines.read({ ...source, warn: false });
  if (read.kind === 'refused') {
    const { message, mistakes } = read;
    return { kind: 'invalid-pipeline', message, mistakes };
  }
  const { pipeline } = read;
  const idempotency = key && { ...key, bodyHash: hashRequest(source.text) };
  const made = toMadeRun(
    await store.runs.createRun({ pipeline, source, executorKind, ...(idempotency && { idempotency }) }),
  );
  return made.kind === 'key-reused' ? made : { ...made, jobCount: pipeline.jobNames.length };
}

export function toMadeRun(stored: CreatedRun): MadeRun {
  if (stored.kind !== 'conflict') return stored;
  return {
    kind: 'key-reused',
    message: 'This idempotency key was used for another request; use a new key for a new run.',
  };
}

/** What tells one request with a key from another. */
export const hashRequest = (text: string): string => createHash('sha256').update(text).digest('hex');
