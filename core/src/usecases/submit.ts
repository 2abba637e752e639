import { createHash } from 'node:crypto';
import type { RunUid } from '../engine/records.js';
import type { CreatedRun, IdempotencyKey } from '../store/runs/create-run.js';
import type { Source } from '../store/runs/source.js';
import type { Store } from '../store/store.js';
import { quote } from '../pipeline/mistakes.js';
import { meetDemands, type PresentWorkers } from './meet-demands.js';
import { describeMistakes, type PipelineReading, type Preparation } from './prepare-pipeline.js';
import type { Refusal } from './refusal.js';

/** What it takes to make a run. */
export interface RunMaking {
  store: Pick<Store, 'runs'> & PresentWorkers;
  pipelines: PipelineReading;
  /** The pool of jobs whose pipeline names none. */
  defaultPool: string;
  /** Whether nobody waits for the result any more. */
  isGone?: () => boolean;
}

/** A repeat with the same key makes no second run (see Idempotency keys). */
export type RequestKey = Omit<IdempotencyKey, 'bodyHash'>;

/** `replayed`: the run of the first request with this key; it may have been deleted since. */
export type MadeRun = { kind: 'created' | 'replayed'; uid: RunUid } | Refusal<'key-reused'>;

export interface SubmitOptions {
  /** Kept for 24 hours. */
  key?: RequestKey;
  /** 1 to 255 visible ASCII characters. Belongs to one run for as long as that is kept (see External ids). */
  externalId?: string;
}

export type Submission =
  /** `found`: an earlier submission with this external id made it. */
  | { kind: 'created' | 'replayed' | 'found'; uid: RunUid; /** If it is known. */ jobCount?: number }
  | Refusal<'invalid-pipeline' | 'key-reused' | 'external-id-taken' | 'client-gone'>;

/**
 * Checks a pipeline, also against the workers of its pools, and stores a run of it. If a run with the external id exists
 * and was submitted with the same text, that is the result, though this version might refuse the text.
 *
 * @param source its text, as UTF-8, and its media type
 * @returns for an invalid pipeline the first 100 mistakes
 * @throws StoreFull, or StoreUnavailable: the run may or may not have been made; submit again with the same key or
 *   external id. What the reading of pipelines throws
 */
export async function submit(
  { store, pipelines, defaultPool, isGone }: RunMaking,
  source: Source,
  { key, externalId }: SubmitOptions = {},
): Promise<Submission> {
  const request = externalId === undefined ? source.text : `${externalId}\n${source.text}`;
  const idempotency = key && { ...key, bodyHash: hashRequest(request) };
  let read: Preparation | undefined;
  for (;;) {
    const found = externalId === undefined ? undefined : await findSubmitted(store, externalId, source);
    if (found) return found;
    read ??= await pipelines.read({ ...source, warn: false });
    if (read.kind === 'refused') return { kind: 'invalid-pipeline', message: read.message, mistakes: read.mistakes };
    const { mistakes } = await meetDemands(store, read.demands, defaultPool);
    // A repeat with the same key is no new run, whatever workers its pools have by now.
    const before = mistakes.length > 0 && idempotency ? await store.runs.findReplay(idempotency) : undefined;
    if (mistakes.length > 0 && !before)
      return { kind: 'invalid-pipeline', message: describeMistakes(mistakes), mistakes };
    // The client may have been told an error meanwhile. If it sends the pipeline again, there must not be two runs.
    if (isGone?.()) return { kind: 'client-gone', message: 'The client is gone; nothing was stored.' };
    const made =
      before ??
      (await store.runs.createRun({
        pipeline: read.pipeline,
        source,
        defaultPool,
        ...(idempotency && { idempotency }),
        ...(externalId !== undefined && { externalId }),
      }));
    // Another request has made it meanwhile: look for it again.
    if (made.kind === 'taken') continue;
    const stored = toMadeRun(made);
    return stored.kind === 'key-reused' ? stored : { ...stored, jobCount: read.pipeline.jobNames.length };
  }
}

/** Undefined if no run has the external id, also if that was deleted in this moment. */
async function findSubmitted(
  { runs }: RunMaking['store'],
  externalId: string,
  { text }: Source,
): Promise<{ kind: 'found'; uid: RunUid } | Refusal<'external-id-taken'> | undefined> {
  const uid = await runs.findByExternalId(externalId);
  const source = uid === undefined ? undefined : await runs.getSource(uid);
  if (uid === undefined || source === undefined) return undefined;
  if (source.text === text) return { kind: 'found', uid };
  const message = `The external id ${quote(externalId)} belongs to the run ${uid}, which has another pipeline; use another id, or delete that run first.`;
  return { kind: 'external-id-taken', message };
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
