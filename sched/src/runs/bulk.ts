import { bulkRuns, bulkSkippedShown, type BulkResult } from '@chainr/core/api/contract/bulk-resource';
import { ApiError } from '@chainr/core/api/contract/errors';
import type { QueryOf } from '@chainr/core/api/contract/route';
import type { routes } from '@chainr/core/api/contract/routes';
import { answerDeadlineMs } from '@chainr/core/service/answer-deadline';
import type { RunRecord } from '@chainr/core/engine/records';
import { toApiError } from '@chainr/core/service/express-errors';
import type { Logger } from '@chainr/core/service/logger';
import type { SchedContext } from '../context.js';
import { readFilter } from './read-filter.js';

/** An operation applied to one run after the other. */
interface BulkVerb {
  /** How many run at once, if the operation is costly. */
  atOnce?: number;
  /** A sentence that says why a run in this state is left out; undefined to go on. */
  refuse(run: RunRecord): string | undefined;
  /** @returns why it was left out after all, or the new run; undefined if it was done */
  act(run: RunRecord): Promise<string | { made: string } | undefined>;
}

type BulkQuery = QueryOf<typeof routes.deleteRuns>;

/** The most operations at once. */
const atOnceMost = 64;
/** For how long further runs are begun. The rest of the deadline is for those that were begun by then. */
const beginMs = (answerDeadlineMs * 2) / 3;
const tookLong = 'The time limit of the request was reached; repeat it to process the rest.';

/**
 * Applies an operation to the runs that a query selects, newest first, up to 500 of them. The answer says where to go
 * on. A run that fails because of a bug in chainr is left out with a sentence. An outage ends it early, and so does the
 * time limit of a request: the answer then has what was done before, and `next` is where it stopped.
 *
 * @throws ApiError BadRequest if the query selects no run in particular; the error of the first run if an outage
 * prevents it
 */
export async function bulk(
  { store, logger }: Pick<SchedContext, 'store' | 'logger'>,
  query: BulkQuery,
  verb: BulkVerb,
  options = { beginMs },
): Promise<BulkResult> {
  const { all, dryRun, cursor, ...named } = query;
  if (!all && Object.values(named).every((part) => part === undefined)) {
    const message =
      'set at least one of status, name, externalId, label, since and until, or all=true to select every run';
    throw new ApiError('BadRequest', `The query selects no runs: ${message}.`, {
      details: [{ path: '', message }],
    });
  }
  const filter = await readFilter(store, named);
  const page = { filter, limit: bulkRuns, ...(cursor === undefined ? {} : { before: cursor }) };
  const { runs, next } = await store.runs.listRuns(page);
  const tally = new Tally();
  const doOne = async (run: RunRecord): Promise<void> => {
    const refusal = verb.refuse(run);
    if (refusal !== undefined || dryRun) tally.add(run, refusal);
    else
      await verb.act(run).then(
        (result) => tally.add(run, result),
        (error: unknown) => tally.fail(run, error, logger),
      );
  };
  const { atOnce = atOnceMost } = verb;
  const begunAt = performance.now();
  let from = 0;
  do {
    await Promise.all(runs.slice(from, from + atOnce).map(doOne));
    from += atOnce;
  } while (from < runs.length && !tally.outage && performance.now() - begunAt < options.beginMs);
  const { outage, done, skipped, made } = tally;
  if (outage && done + skipped.length === 0) throw outage.thrown;
  // A client that goes on from there repeats what was in progress, which is still done only once.
  const cutShort = runs[from - atOnce - 1]?.sequence ?? cursor ?? (runs[0]?.sequence ?? 0) + 1;
  const stopped = outage?.message ?? (from < runs.length ? tookLong : undefined);
  const goesOnAt = outage ? cutShort : stopped === undefined ? next : runs[from - 1]?.sequence;
  return {
    kind: 'BulkResult',
    dryRun,
    matched: stopped !== undefined ? done + skipped.length : runs.length,
    done,
    skipped: skipped.slice(0, bulkSkippedShown),
    ...(made.length > 0 && { made }),
    ...(stopped !== undefined && { stopped }),
    ...(goesOnAt === undefined ? {} : { next: String(goesOnAt) }),
  };
}

/** The results so far. */
class Tally {
  done = 0;
  readonly skipped: BulkResult['skipped'] = [];
  readonly made: NonNullable<BulkResult['made']> = [];
  /** Why nothing more is begun. */
  outage: { thrown: unknown; message: string } | undefined;

  /** @param result why it was left out, or the new run; undefined if it was done */
  add({ uid }: RunRecord, result: string | { made: string } | undefined): void {
    if (typeof result === 'string') this.skipped.push({ uid, message: result });
    else this.done += 1;
    if (typeof result === 'object') this.made.push({ uid: result.made, rerunOf: uid });
  }

  fail(run: RunRecord, thrown: unknown, logger: Logger): void {
    const { code, message } = toApiError(thrown);
    if (code === 'Unavailable' || code === 'StoreFull') {
      this.outage = { thrown, message };
      return;
    }
    if (code === 'Internal') logger.error({ err: thrown, run: run.uid }, 'a bulk request failed for one of its runs');
    this.add(run, message);
  }
}
