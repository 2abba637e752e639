import { createHash } from 'node:crypto';
import { mainStep } from '@chainr/core/pipeline/steps';
import type { AttemptKey, AttemptSpec } from '../port.js';

/** What stop and remove need to find or take the name of an attempt; without `pipeline` only its labels are known. */
export type NamedAttempt = AttemptKey & Partial<Pick<AttemptSpec, 'pipeline' | 'kubernetes' | 'begun' | 'starts'>>;

/**
 * The labels of everything that chainr creates in a cluster. Nothing without this instance's own label is ever touched
 * (see Instances).
 */
export const labels = {
  name: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
  instance: 'chainr.dev/instance',
  run: 'chainr.dev/run',
  job: 'chainr.dev/job',
  attempt: 'chainr.dev/attempt',
  pipeline: 'chainr.dev/pipeline',
} as const;

export const annotations = {
  /** The name of the pipeline, whether or not it fits a label. */
  pipeline: 'chainr.dev/pipeline',
  /** Why chainr ended the pod, or took its name without running anything: an outcome's reason and message as JSON. */
  verdict: 'chainr.dev/verdict',
  /** chainr kills the pod: what its containers end with is not somebody else's doing. */
  killed: 'chainr.dev/killed',
} as const;

/** Keeps the pod, and with it its name, until the removal grace is over (see Tombstones). */
export const finalizer = 'chainr.dev/remains';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const labelValue = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** A pod's name is also the host name of its containers, so it is a DNS label. */
const mostNameLength = 63;
const hashLength = 10;

/**
 * `PIPELINE-JOB-ATTEMPT-HASH`, readable and unique: the hash is of instance, run, job and attempt. Long names lose the
 * end of the pipeline's, then of the job's.
 */
export function podName(instance: string, { run, job, attempt, pipeline = '' }: NamedAttempt): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([instance, run, job, attempt]))
    .digest();
  const end = `-${String(attempt)}-${base36(hash)}`;
  const room = mostNameLength - end.length;
  const shortJob = clip(job, room);
  const shortPipeline = clip(asLabel(pipeline), room - shortJob.length - 1);
  return `${shortPipeline === '' ? '' : `${shortPipeline}-`}${shortJob}${end}`;
}

/** Some 50 bits. */
const base36 = (hash: Buffer): string =>
  hash.readBigUInt64BE().toString(36).padStart(hashLength, '0').slice(-hashLength);

const asLabel = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

const clip = (text: string, length: number): string => text.slice(0, Math.max(0, length)).replace(/-+$/, '');

export function labelsOf(instance: string, { run, job, attempt, pipeline = '' }: NamedAttempt): Record<string, string> {
  return {
    [labels.name]: 'chainr-job',
    [labels.managedBy]: 'chainr',
    [labels.instance]: instance,
    [labels.run]: run,
    [labels.job]: job,
    [labels.attempt]: String(attempt),
    ...(labelValue.test(pipeline) && { [labels.pipeline]: pipeline }),
  };
}

/** Selects the pods of an instance. */
export const selectorOf = (instance: string): string => `${labels.managedBy}=chainr,${labels.instance}=${instance}`;

/** The attempt of a pod; undefined for anything else that has our labels. */
export function keyOfLabels(found: Readonly<Record<string, string>>): AttemptKey | undefined {
  const { [labels.run]: run, [labels.job]: job, [labels.attempt]: attempt } = found;
  if (!run || !job || !/^[1-9]\d*$/.test(attempt ?? '')) return undefined;
  return { run, job, attempt: Number(attempt) };
}

export const nameOfKey = ({ run, job, attempt }: AttemptKey): string => `${run}/${job}/${String(attempt)}`;

/** The container of a step. Names of steps are DNS labels. */
export const containerName = (step: string): string => (step === '' ? mainStep : step);
