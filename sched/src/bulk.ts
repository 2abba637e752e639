import { bulkRuns, bulkSkippedShown, type BulkResult } from '@chainr/core/api/bulk-resource';
import { ApiError } from '@chainr/core/api/errors';
import type { QueryOf } from '@chainr/core/api/route';
import type { routes } from '@chainr/core/api/routes';
import type { RunRecord } from '@chainr/core/model/records';
import type { SchedContext } from './context.js';
import { readFilter } from './read-filter.js';

/** Something that is done to one run after the other. */
interface BulkVerb {
  /** Why it is not done to a run that stands so: one sentence; undefined where it is. */
  refuse(run: RunRecord): string | undefined;
  /** @returns why it was not done after all, or the new run that was made; undefined where it was done. */
  act(run: RunRecord): Promise<string | { made: string } | undefined>;
}

type BulkQuery = QueryOf<typeof routes.deleteRuns>;

/** What is under way at once. */
const atOnce = 64;

/**
 * Does something to the runs that a query means, newest first, up to 500 of them; the answer tells where to go on.
 *
 * @throws ApiError BadRequest when the query means no run in particular
 */
export async function bulk({ store }: SchedContext, query: BulkQuery, verb: BulkVerb): Promise<BulkResult> {
  const { all, dryRun, cursor, ...named } = query;
  if (!all && Object.values(named).every((part) => part === undefined)) {
    const message = 'name at least one of status, name, label, since and until, or say all=true to mean every run';
    throw new ApiError('BadRequest', `The query means no run in particular: ${message}.`, {
      details: [{ path: '', message }],
    });
  }
  const filter = await readFilter(store, named);
  const page = { filter, limit: bulkRuns, ...(cursor === undefined ? {} : { before: cursor }) };
  const { runs, next } = await store.runs.listRuns(page);
  const skipped: BulkResult['skipped'] = [];
  const made: NonNullable<BulkResult['made']> = [];
  const doOne = async (run: RunRecord): Promise<void> => {
    const done = verb.refuse(run) ?? (dryRun ? undefined : await verb.act(run));
    if (typeof done === 'string') skipped.push({ uid: run.uid, message: done });
    else if (done) made.push({ uid: done.made, rerunOf: run.uid });
  };
  for (let from = 0; from < runs.length; from += atOnce) await Promise.all(runs.slice(from, from + atOnce).map(doOne));
  return {
    kind: 'BulkResult',
    dryRun,
    matched: runs.length,
    done: runs.length - skipped.length,
    skipped: skipped.slice(0, bulkSkippedShown),
    ...(made.length > 0 && { made }),
    ...(next === undefined ? {} : { next: String(next) }),
  };
}
