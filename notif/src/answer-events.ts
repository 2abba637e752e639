import type { ServerResponse } from 'node:http';
import { headerNames } from '@chainr/core/api/contract/headers';
import { readQuery } from '@chainr/core/api/server/read-query';
import { ndjson } from '@chainr/core/api/contract/route-parts';
import { routes } from '@chainr/core/api/contract/routes';
import type { Cursor } from '@chainr/core/engine/records';
import { responseSignal } from '@chainr/core/service/response-signal';
import { beginning } from '@chainr/core/store/events/event-stream';
import type { RequestHandler, Response } from 'express';
import type { NotifContext } from './context.js';
import { eventLine, resyncLine } from './event-line.js';
import { followEvents } from './follow-events.js';
import { writeLines } from './write-lines.js';

/** Shows the client, and every proxy in between, that the connection is alive. */
const heartbeatMs = 15_000;

/** The size of a page without a `limit`. */
const defaultLimit = 1000;

/** The value of `after` that means the end of the stream, for clients that only want new events. */
const latest = 'latest';

/**
 * `GET /api/events`: one page, or with `follow=true` an endless one. The header `X-Chainr-Cursor` says where to go on:
 * after the page, or where following began. So a client that asked for `after=latest` has a cursor before its first
 * event.
 */
export function answerEvents(context: NotifContext): RequestHandler {
  return async (request, response) => {
    const { after, follow, limit } = readQuery(routes.readEvents.query, request.url);
    const cursor = await toCursor(context, after);
    response.set({
      'Content-Type': `${ndjson}; charset=utf-8`,
      'X-Accel-Buffering': 'no',
    });
    if (follow) await answerLive(context, cursor, limit, response, request.method === 'HEAD');
    else await answerPage(context, cursor, limit ?? defaultLimit, response);
  };
}

async function toCursor({ events }: NotifContext, after: string | undefined): Promise<Cursor> {
  if (after === undefined) return beginning;
  if (after === latest) return events.lastCursor();
  return after;
}

async function answerPage({ events }: NotifContext, after: Cursor, limit: number, response: Response): Promise<void> {
  const page = await events.readEvents(after, limit);
  const lines = page.resync ? [resyncLine(page.cursor)] : page.events.map(eventLine);
  response.set(headerNames.cursor, page.cursor).end(lines.map((line) => line.text).join(''));
}

async function answerLive(
  context: NotifContext,
  after: Cursor,
  limit: number | undefined,
  response: Response,
  headOnly: boolean,
): Promise<void> {
  // An outage of Redis must be noticed before the head of the answer reports success.
  await context.events.readEvents(after, 1);
  response.set(headerNames.cursor, after).flushHeaders();
  if (headOnly) {
    response.end();
    return;
  }
  const signal = responseSignal(response);
  const heartbeat = setInterval(() => beat(response), heartbeatMs);
  const clients = context.metrics.gauge('eventClients');
  clients.inc();
  let left = limit ?? Number.POSITIVE_INFINITY;
  try {
    for await (const lines of followEvents(context, after, signal)) {
      const taken = lines.slice(0, left);
      left -= taken.length;
      if (!(await writeLines(response, taken, signal)) || left <= 0) break;
    }
  } finally {
    clearInterval(heartbeat);
    clients.dec();
  }
  response.end();
}

function beat(response: ServerResponse): void {
  if (!response.writableNeedDrain && !response.writableEnded) response.write('\n');
}
