import type { ServerResponse } from 'node:http';
import { headerNames } from '@chainr/core/api/contract/headers';
import type { LogStore } from '@chainr/core/store/logs/log-store';
import type { AttemptPlace } from './find-attempt.js';
import { writePage, type WantedLog } from './stream-log.js';

/**
 * Sends what is stored from the offset to the current end. The headers name that end, and are sent before anything of
 * the log is read.
 *
 * @param place for a job without an attempt: whether there will never be one
 */
export async function sendLog(
  logs: LogStore,
  place: AttemptPlace | { ended: boolean },
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { offset, format } = wanted;
  if ('ended' in place) {
    setEnd(response, { nextOffset: offset, ended: place.ended });
    response.end();
    return;
  }
  const { uid, jobIndex, attempt } = place;
  await logs.untilComplete(uid, jobIndex, attempt, signal);
  const end = await logs.measure(uid, jobIndex, attempt, { offset, exact: format.exact });
  const { nextOffset: to, ended } = end ?? { nextOffset: offset, ended: false };
  setEnd(response, { nextOffset: to, ended });
  if (response.req.method !== 'HEAD') {
    const pages = logs.stretch(uid, jobIndex, attempt, { from: offset, to, pageBytes: format.pageBytes }, signal);
    for await (const page of pages) await writePage(page, wanted, response, signal);
  }
  response.end();
}

function setEnd(response: ServerResponse, { nextOffset, ended }: { nextOffset: number; ended: boolean }): void {
  response.setHeader(headerNames.nextOffset, String(nextOffset));
  response.setHeader(headerNames.logEnded, String(ended));
}
