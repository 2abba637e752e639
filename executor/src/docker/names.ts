import type { AttemptKey } from '../port.js';

/** The labels of everything that is made here; what has not the instance's own is never touched (see Instances). */
export const labels = {
  instance: 'chainr.instance',
  run: 'chainr.run',
  job: 'chainr.job',
  attempt: 'chainr.attempt',
  /** The step's place, from 0. */
  step: 'chainr.step',
  /** How many steps the attempt has. */
  steps: 'chainr.steps',
  /** `1` on a step whose failure does not end the attempt. */
  tolerated: 'chainr.tolerated',
  /** On a container that only takes the name, and is never started: why, as JSON. */
  tombstone: 'chainr.tombstone',
} as const;

/** Two instances on one daemon must not meet by chance: 48 bits of the instance's random id. */
const shortInstance = (instance: string): string => instance.replaceAll('-', '').slice(0, 12);

const attemptName = (instance: string, { run, job, attempt }: AttemptKey): string =>
  `chainr-${shortInstance(instance)}-${run}-${job}-${String(attempt)}`;

/** The name of a step's container: to create it is to take it, and the daemon gives it to one. */
export const containerName = (instance: string, key: AttemptKey, step: number): string =>
  `${attemptName(instance, key)}-${String(step)}`;

/** The name of the volume that is an attempt's workspace. */
export const volumeName = attemptName;

export const attemptLabels = (instance: string, { run, job, attempt }: AttemptKey): Record<string, string> => ({
  [labels.instance]: instance,
  [labels.run]: run,
  [labels.job]: job,
  [labels.attempt]: String(attempt),
});

/** The attempt that a container is of; undefined for whatever else has our label. */
export function keyOfLabels(found: Readonly<Record<string, string>>): AttemptKey | undefined {
  const { [labels.run]: run, [labels.job]: job, [labels.attempt]: attempt } = found;
  if (!run || !job || !/^[1-9]\d*$/.test(attempt ?? '')) return undefined;
  return { run, job, attempt: Number(attempt) };
}

export const nameOfKey = ({ run, job, attempt }: AttemptKey): string => `${run}/${job}/${String(attempt)}`;
