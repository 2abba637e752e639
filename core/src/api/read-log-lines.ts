import { headerNames } from './headers.js';
import type { LogLineResource } from './job-resource.js';
import { parseAnswer } from './parse-answer.js';
import { pause } from './pause.js';
import { readLines } from './read-lines.js';
import { isPassing, pausesOf } from './retry-policy.js';
import { ndjson } from './route-parts.js';
import { routes } from './routes.js';
import type { RequestSender } from './send-request.js';

export type LogLines = AsyncGenerator<LogLineResource>;

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
      const response = await sender.send(routes.readLog, sending, (answer) => answer);
      attempt ??= Number(response.headers.get(headerNames.attempt) ?? 1);
      if (!response.body) return;
      for await (const text of readLines(response.body, sender.address, signal)) {
        pauses = pausesOf(sender.retry);
        if (text === '') continue; // A heartbeat.
        const line = parseAnswer(routes.readLog, text);
        offset = line.nextOffset;
        yield line;
      }
      return;
    } catch (error) {
      const next = isPassing(error) ? pauses.next() : undefined;
      if (!next || next.done) throw error;
      await pause(next.value, signal);
    }
  }
}
