import { headerNames } from '../contract/headers.js';
import type { LogLineResource } from '../contract/job-resource.js';
import { parseAnswer } from './parse-answer.js';
import { pause } from './pause.js';
import { readLines } from './read-lines.js';
import { isPassing, pausesOf } from '../contract/retry-policy.js';
import { ndjson } from '../contract/route-parts.js';
import { routes } from '../contract/routes.js';
import type { RequestSender } from './send-request.js';

/** Yields the lines; returns how far the log was read. */
export type LogLines = AsyncGenerator<LogLineResource, LogEnd>;

export interface LogEnd {
  /** The attempt that was read. */
  attempt: number;
  /** Whether the log has its end mark and was read up to it. Always true after following. */
  ended: boolean;
  /** Where the next read goes on, in bytes of the log. With `step` it may be far behind the last line. */
  nextOffset: number;
}

export interface LogQuery {
  /** Defaults to the last attempt. */
  attempt?: number;
  /** Only the lines of this step. */
  step?: string;
  /** In bytes of the log. */
  offset?: number;
  /** Go on until the log has ended instead of stopping at what is stored. */
  follow?: boolean;
}

/**
 * Yields the lines of a log. After a broken connection it resumes behind the last line that came, on the attempt that
 * the first answer named.
 */
export async function* readLogLines(
  sender: RequestSender,
  params: { uid: string; job: string },
  query: LogQuery,
  signal?: AbortSignal,
): LogLines {
  let attempt = query.attempt;
  let offset = query.offset;
  let pauses = pausesOf(sender.retry);
  for (;;) {
    const from = {
      ...query,
      ...(attempt === undefined ? {} : { attempt }),
      ...(offset === undefined ? {} : { offset }),
    };
    const sending = { params, query: from, headers: { Accept: ndjson }, ...(signal ? { signal } : {}) };
    try {
      const { body, headers } = await sender.send(routes.readLog, sending, (answer) => answer);
      attempt ??= Number(headers.get(headerNames.attempt) ?? 1);
      for await (const text of body ? readLines(body, sender.address, signal) : []) {
        pauses = pausesOf(sender.retry);
        if (text === '') continue; // A heartbeat.
        const line = parseAnswer(routes.readLog, text);
        offset = line.nextOffset;
        yield line;
      }
      const ended = query.follow === true || headers.get(headerNames.logEnded) === 'true';
      return { attempt, ended, nextOffset: Number(headers.get(headerNames.nextOffset) ?? offset ?? 0) };
    } catch (error) {
      const next = isPassing(error) ? pauses.next() : undefined;
      if (!next || next.done) throw error;
      await pause(next.value, signal);
    }
  }
}
