import { readMoment, type RunFilterQuery } from '@chainr/core/api/contract/run-query';
import type { RunFilter } from '@chainr/core/store/runs/run-filter';
import type { Store } from '@chainr/core/store/store';

/** The filter of a query. "Ago" counts from the time of Redis, since that is the clock of creation times. */
export async function readFilter(store: Store, query: RunFilterQuery): Promise<RunFilter> {
  const { status, name, externalId, label, since, until } = query;
  const now = since === undefined && until === undefined ? 0 : await store.now();
  return {
    ...(status === undefined ? {} : { statuses: status }),
    ...(name === undefined ? {} : name.endsWith('*') ? { namePrefix: name.slice(0, -1) } : { name }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(label === undefined ? {} : { labels: label.map(readLabel) }),
    ...(since === undefined ? {} : { since: readMoment(since, now) }),
    ...(until === undefined ? {} : { until: readMoment(until, now) }),
  };
}

function readLabel(text: string): { key: string; value?: string } {
  const [key = '', value] = text.split('=');
  return value === undefined ? { key } : { key, value };
}
