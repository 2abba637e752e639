import type { RunRecord } from '../../engine/records.js';
import type { RunStatus } from '../../engine/states.js';

/** Which runs are meant; every part that is there must hold. */
export interface RunFilter {
  statuses?: readonly RunStatus[];
  name?: string;
  /** What the name begins with; empty: it has a name. */
  namePrefix?: string;
  /** A run has all of them; without a `value`, only the key counts. */
  labels?: readonly { key: string; value?: string }[];
  /** Created at this time or after it; milliseconds since 1970 by the clock of Redis, as all times here. */
  since?: number;
  /** Created before this time. */
  until?: number;
}

export function matches(filter: RunFilter, run: RunRecord): boolean {
  const { statuses, name, namePrefix, labels = [], since = 0, until = Infinity } = filter;
  return (
    (statuses === undefined || statuses.includes(run.status)) &&
    (name === undefined || run.name === name) &&
    (namePrefix === undefined || run.name?.startsWith(namePrefix) === true) &&
    labels.every(({ key, value }) => hasLabel(run, key, value)) &&
    run.createdAt >= since &&
    run.createdAt < until
  );
}

function hasLabel({ labels }: RunRecord, key: string, value: string | undefined): boolean {
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}
