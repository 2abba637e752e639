import type { Request, Response } from 'express';
import { ApiError } from '@chainr/core/api/contract/errors';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import { headerNames } from '@chainr/core/api/contract/headers';
import { ndjson, plainText } from '@chainr/core/api/contract/route-parts';
import { routes } from '@chainr/core/api/contract/routes';
import { responseSignal } from '@chainr/core/service/response-signal';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import type { JobRecord, RunUid } from '@chainr/core/engine/records';
import { isFinalJob } from '@chainr/core/engine/states';
import { mainStep } from '@chainr/core/pipeline/steps';
import type { LogPlaces } from '@chainr/core/store/logs/log-store';
import type { Store } from '@chainr/core/store/store';
import type { SchedContext } from '../context.js';
import { findAttempt, waitForAttempt } from './find-attempt.js';
import { findJob } from '../runs/find-run.js';
import { asNdjson, asRaw, asText, type LogFormat } from './format-log.js';
import { sendLog } from './send-log.js';
import { streamLog } from './stream-log.js';
import { served } from '../http/serve-routes.js';

/** Reads what is stored and ends, or follows until the attempt's end mark. */
export function readLog(context: SchedContext) {
  return served(routes.readLog, async ({ params: { uid, job: name }, query, request, response }) => {
    const format = chooseFormat(request, response, query.raw);
    const job = await findJob(context.store, uid, name);
    const attempt = await findAttempt(context.store, uid, job, query.attempt);
    const { inArchive } = await findLogs(context.store, attempt?.uid ?? uid);
    const names = await context.store.runs.listLogNames(uid, job.index);
    if (query.step !== undefined) refuseUnknownStep(job, names, query.step);
    response.setHeader(headerNames.attempt, String(attempt?.attempt ?? 1));
    const wanted = { format, offset: query.offset, steps: { names, only: query.step } };
    const signal = responseSignal(response);
    try {
      // A log in the archive has ended: if it cannot be read, the answer says so before anything is sent.
      if (query.follow && request.method !== 'HEAD' && !inArchive) {
        response.flushHeaders();
        const followed = attempt ?? waitForAttempt(context, uid, name, signal);
        await streamLog(context.store.logs, followed, wanted, response, signal);
        signal.throwIfAborted();
        response.end();
      } else {
        await sendLog(context.store.logs, attempt ?? unclaimed(job), wanted, response, signal);
      }
    } catch (error) {
      // Cut, not ended: a log must not look complete because a server stopped. A client that disconnected is not an
      // error.
      if (!signal.aborted) throw error;
      response.destroy();
    }
  });
}

/** A job that ended before any worker claimed it has no log, and never will. */
const unclaimed = ({ status }: JobRecord) => ({ ended: isFinalJob(status) });

/** @throws ApiError NotFound, which names the existing steps */
function refuseUnknownStep({ name }: JobRecord, names: readonly string[], step: string): void {
  // chainr's own marks in a log carry this name.
  if (step === mainStep || names.length === 0 || names.includes(step)) return;
  const rest = suggestion(step, names) || `; it has ${names.join(', ')}.`;
  throw new ApiError('NotFound', `The job ${JSON.stringify(name)} has no step ${JSON.stringify(step)}${rest}`);
}

/** @throws ApiError Gone if the logs were removed, which says since when */
async function findLogs({ logs }: Store, uid: RunUid): Promise<LogPlaces> {
  const places = await logs.places(uid);
  const { removedAt } = places;
  if (removedAt === undefined) return places;
  throw new ApiError(
    'Gone',
    `The logs of this run were removed at ${isoTime(removedAt)}: logs are kept for a shorter time than runs.`,
  );
}

function chooseFormat(request: Request, response: Response, raw: boolean): LogFormat {
  const asLines = request.accepts(plainText, ndjson) === ndjson ? asNdjson : asText;
  const format = raw ? asRaw : asLines;
  response.set({
    'Content-Type': format.contentType,
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept',
    'Cache-Control': 'no-store',
  });
  return format;
}
