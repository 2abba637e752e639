import type { AttemptKey } from '../port.js';

/**
 * The labels of everything that chainr creates. Nothing without this instance's own label is ever touched (see
 * Instances).
 */
export const labels = {
  instance: 'chainr.instance',
  run: 'chainr.run',
  job: 'chainr.job',
  attempt: 'chainr.attempt',
  /** The step's index, from 0. */
  step: 'chainr.step',
  /** The number of steps of the attempt. */
  steps: 'chainr.steps',
  /** `1` on a step whose failure does not end the attempt. */
  tolerated: 'chainr.tolerated',
  /** The service's index, from 0. */
  service: 'chainr.service',
  /** `1` on the container whose network the others share. */
  network: 'chainr.network',
  /** On a container that only reserves the name and is never started: why, as JSON. */
  tombstone: 'chainr.tombstone',
} as const;

/** Two instances on one daemon must not collide by chance: 48 bits of the instance's random id. */
const shortInstance = (instance: string): string => instance.replaceAll('-', '').slice(0, 12);

const attemptName = (instance: string, { run, job, attempt }: AttemptKey): string =>
  `chainr-${shortInstance(instance)}-${run}-${job}-${String(attempt)}`;

/** The name of a step's container. Creating it reserves the name; the daemon gives a name to one container only. */
export const containerName = (instance: string, key: AttemptKey, step: number): string =>
  `${attemptName(instance, key)}-${String(step)}`;

/** The name of a service's container. */
export const serviceName = (instance: string, key: AttemptKey, service: number): string =>
  `${attemptName(instance, key)}-s${String(service)}`;

/** The name of the container whose network all others of an attempt with services share. */
export const networkHolderName = (instance: string, key: AttemptKey): string => `${attemptName(instance, key)}-net`;

/** The name of the volume with an attempt's workspace. */
export const volumeName = attemptName;

export const attemptLabels = (instance: string, { run, job, attempt }: AttemptKey): Record<string, string> => ({
  [labels.instance]: instance,
  [labels.run]: run,
  [labels.job]: job,
  [labels.attempt]: String(attempt),
});

/** The same as filters of the daemon's lists. */
export const labelFilters = (instance: string, key: AttemptKey): string[] =>
  Object.entries(attemptLabels(instance, key)).map(([name, value]) => `${name}=${value}`);

/** The attempt of a container; undefined for anything else that has our label. */
export function keyOfLabels(found: Readonly<Record<string, string>>): AttemptKey | undefined {
  const { [labels.run]: run, [labels.job]: job, [labels.attempt]: attempt } = found;
  if (!run || !job || !/^[1-9]\d*$/.test(attempt ?? '')) return undefined;
  return { run, job, attempt: Number(attempt) };
}

export const nameOfKey = ({ run, job, attempt }: AttemptKey): string => `${run}/${job}/${String(attempt)}`;
