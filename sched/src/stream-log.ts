import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { LogPage } from '@chainr/core/store/log-page';
import type { LogStore } from '@chainr/core/store/log-store';
import type { AttemptPlace } from './find-attempt.js';
import type { LogFormat, WantedSteps } from './format-log.js';

/** Which part of a log is asked for, and how it is written. */
export interface WantedLog {
  format: LogFormat;
  /** Bytes of the log. */
  offset: number;
  steps: WantedSteps;
}

/** A follower of a silent log hears of it so often that its connection lives; where the format cannot, TCP asks. */
const heartbeatMs = 15_000;

/** Writes a log as it grows, until its end mark. Reads no faster than the client does. */
export async function streamLog(
  logs: LogStore,
  { uid, jobIndex, attempt }: AttemptPlace,
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  response.socket?.setKeepAlive(true, heartbeatMs);
  const { format, offset } = wanted;
  const pages = logs.follow(uid, jobIndex, attempt, { offset, patient: true, quietMs: heartbeatMs }, signal);
  for await (const page of pages) {
    if (page.bytes.length > 0) await writePage(page, wanted, response, signal);
    else if (!page.ended) response.write(format.heartbeat);
  }
}

/** What was made of pages that several followers share. */
const written = new WeakMap<LogPage, Map<LogFormat, Buffer>>();

export async function writePage(
  page: LogPage,
  { format, steps }: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const bytes = steps.only === undefined ? shared(page, format, steps) : format.format(page, steps);
  if (bytes.length > 0 && !response.write(bytes)) await once(response, 'drain', { signal });
}

function shared(page: LogPage, format: LogFormat, steps: WantedSteps): Buffer {
  const known = written.get(page) ?? new Map<LogFormat, Buffer>();
  const bytes = known.get(format) ?? format.format(page, steps);
  written.set(page, known.set(format, bytes));
  return bytes;
}
