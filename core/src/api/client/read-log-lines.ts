import { headerNames } from '../contract/headers.js';
import type { LogLineResource } from '../contract/job-resource.js';
import { parseAnswer } from './parse-answer.js';
import { pause } from './pause.js';
import { readLines } from './read-lines.js';
import { isPassing, pausesOf } from '../contract/retry-policy.js';
import { ndjson } from '../contract/route-parts.js';
import { routes } from '../contract/routes.js';
import type { RequestSender } from './send-request.js';

/** The lines, and then how far the log was read. */
export type LogLines = AsyncGenerator<LogLineResource, LogEnd>;

export interface LogEnd {
  /** The attempt that was read. */
  attempt: number;
  /** Whether the log has its end mark and was read up to it; always true of one that was followed. */
  ended: boolean;
  /** Where the next read goes on: bytes of the log. With `step` it may lie far behind the last line. */
  nextOffset: number;
}

export interface LogQuery {
  /** The last one if left out. */
  attempt?: number;
  /** Only the lines of this step. */
  step?: string;
  /** Bytes of the log. */
  offset?: number;
  /** Go on until the log has ended, instead of ending with what is stored. */
  follow?: boolean;
}

/**
 * The lines of a log. A broken connection goes on after the last line that came, always
 * with the attempt that the first answer named.
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
