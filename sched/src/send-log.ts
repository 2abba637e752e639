import type { ServerResponse } from 'node:http';
import { headerNames } from '@chainr/core/api/headers';
import type { LogStore, StoredLine } from '@chainr/core/store/log-store';
import type { AttemptPlace } from './find-attempt.js';
import { linesOf, writeLines, type WantedLog } from './stream-log.js';

/** How much of a stored log is held in memory at a time. */
const pageBytes = 1024 * 1024;

/** A stretch of a stored log, up to its end at the moment. */
interface Stretch {
  /** Its lines, if they fit into one page. */
  lines?: readonly StoredLine[];
  nextOffset: number;
  ended: boolean;
}

/**
 * Answers with what is stored from the offset on. The headers that say where the next read goes on
 * come before the lines, so a log of more than a page is walked to its end first, and sent after.
 *
 * @param place of a job without any attempt: whether none will come
 */
export async function sendLog(
  logs: LogStore,
  place: AttemptPlace | { ended: boolean },
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if ('ended' in place) {
    setEnd(response, { nextOffset: wanted.offset, ended: place.ended });
    response.end();
    return;
  }
  await logs.untilComplete(place.uid, place.jobIndex, place.attempt, signal);
  const { lines, nextOffset, ended } = await measure(logs, place, wanted.offset);
  setEnd(response, { nextOffset, ended });
  if (lines) {
    response.end(wanted.format.format(linesOf(lines, wanted.step)));
    return;
  }
  for await (const page of pagesOf(logs, place, wanted.offset)) {
    await writeLines(
      page.lines.filter((line) => line.offset < nextOffset),
      wanted,
      response,
      signal,
    );
    if (page.nextOffset >= nextOffset) break;
  }
  response.end();
}

function setEnd(response: ServerResponse, { nextOffset, ended }: Stretch): void {
  response.setHeader(headerNames.nextOffset, String(nextOffset));
  response.setHeader(headerNames.logEnded, String(ended));
}

async function measure(logs: LogStore, place: AttemptPlace, offset: number): Promise<Stretch> {
  let stretch: Stretch = { lines: [], nextOffset: offset, ended: false };
  let pages = 0;
  for await (const page of pagesOf(logs, place, offset)) {
    pages += 1;
    stretch = { nextOffset: page.nextOffset, ended: page.ended, ...(pages === 1 ? { lines: page.lines } : {}) };
  }
  return stretch;
}

/** The pages of a stored log up to its end at the moment. */
async function* pagesOf(logs: LogStore, place: AttemptPlace, from: number) {
  let offset = from;
  for (;;) {
    const page = await logs.read(place.uid, place.jobIndex, place.attempt, { offset, maxBytes: pageBytes });
    if (!page) return;
    const stuck = page.nextOffset <= offset;
    if (stuck && !page.ended) return;
    yield page;
    if (stuck || page.ended) return;
    offset = page.nextOffset;
  }
}
