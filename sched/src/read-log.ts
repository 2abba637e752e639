import type { Request, Response } from 'express';
import { ApiError } from '@chainr/core/api/errors';
import { isoTime } from '@chainr/core/api/field-schemas';
import { headerNames } from '@chainr/core/api/headers';
import { ndjson, plainText } from '@chainr/core/api/route-parts';
import { routes } from '@chainr/core/api/routes';
import { responseSignal } from '@chainr/core/service/response-signal';
import type { RunUid } from '@chainr/core/model/records';
import type { Store } from '@chainr/core/store/store';
import type { SchedContext } from './context.js';
import { findAttempt, waitForAttempt, type AttemptPlace } from './find-attempt.js';
import { findJob } from './find-run.js';
import { logFormats, type LogFormat } from './format-log.js';
import { sendLog } from './send-log.js';
import { streamLog } from './stream-log.js';
import { served } from './serve-routes.js';

/** Reads what is stored and ends, or goes on until the attempt's end mark. */
export function readLog(context: SchedContext) {
  return served(routes.readLog, async ({ params: { uid, job: name }, query, request, response }) => {
    const format = chooseFormat(request, response);
    const job = await findJob(context.store, uid, name);
    const attempt = await findAttempt(context.store, uid, job, query.attempt);
    await refuseRemoved(context.store, attempt?.uid ?? uid);
    response.setHeader(headerNames.attempt, String(attempt?.attempt ?? 1));
    const wanted = { format, offset: query.offset, step: query.step };
    if (!query.follow || request.method === 'HEAD') {
      if (attempt) await untilComplete(context.store, attempt, responseSignal(response));
      await sendLog(context.store.logs, attempt, wanted, response);
      return;
    }
    const signal = responseSignal(response);
    response.flushHeaders();
    try {
      const followed = attempt ?? (await waitForAttempt(context, uid, name, signal));
      if (followed) await streamLog(context.store.logs, followed, wanted, response, signal);
      signal.throwIfAborted();
      response.end();
    } catch (error) {
      // Cut, not ended: nobody may take a log for complete because a server stopped.
      if (!signal.aborted) throw error;
      response.destroy();
    }
  });
}

function untilComplete({ logs }: Store, { uid, jobIndex, attempt }: AttemptPlace, signal: AbortSignal): Promise<void> {
  return logs.untilComplete(uid, jobIndex, attempt, signal);
}

/** @throws ApiError Gone, which says since when */
async function refuseRemoved({ logs }: Store, uid: RunUid): Promise<void> {
  const removedAt = await logs.removedAt(uid);
  if (removedAt === undefined) return;
  throw new ApiError(
    'Gone',
    `The logs of this run were removed at ${isoTime(removedAt)}: logs are kept for a shorter time than runs.`,
  );
}

function chooseFormat(request: Request, response: Response): LogFormat {
  const format = logFormats[request.accepts(plainText, ndjson) === ndjson ? ndjson : plainText];
  response.set({
    'Content-Type': format.contentType,
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept',
    'Cache-Control': 'no-store',
  });
  return format;
}
