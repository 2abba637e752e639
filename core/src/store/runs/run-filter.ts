import type { RunRecord } from '../../engine/records.js';
import type { RunStatus } from '../../engine/states.js';

/** Selects runs; all parts that are present must match. */
export interface RunFilter {
  statuses?: readonly RunStatus[];
  name?: string;
  /** The prefix of the name; empty: any name. */
  namePrefix?: string;
  /** At most one run has it. */
  externalId?: string;
  /** The run has all of them. Without a `value`, only the key must match. */
  labels?: readonly { key: string; value?: string }[];
  /** Created at or after this time; milliseconds since 1970 by the clock of Redis, like all times here. */
  since?: number;
  /** Created before this time. */
  until?: number;
}

export function matches(filter: RunFilter, run: RunRecord): boolean {
  const { statuses, name, namePrefix, externalId, labels = [], since = 0, until = Infinity } = filter;
  return (
    (statuses === undefined || statuses.includes(run.status)) &&
    (name === undefined || run.name === name) &&
    (namePrefix === undefined || run.name?.startsWith(namePrefix) === true) &&
    (externalId === undefined || run.externalId === externalId) &&
    labels.every(({ key, value }) => hasLabel(run, key, value)) &&
    run.createdAt >= since &&
    run.createdAt < until
  );
}

function hasLabel({ labels }: RunRecord, key: string, value: string | undefined): boolean {
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}
