import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { LogPage } from '@chainr/core/store/logs/log-page';
import type { LogStore } from '@chainr/core/store/logs/log-store';
import type { AttemptPlace } from './find-attempt.js';
import type { LogFormat, WantedSteps } from './format-log.js';

/** Which part of a log to send, and how it is formatted. */
export interface WantedLog {
  format: LogFormat;
  /** Bytes of the log. */
  offset: number;
  steps: WantedSteps;
}

/** The interval of the heartbeats that keep the connection of a silent log alive, in formats that have one. */
const heartbeatMs = 15_000;

/**
 * Sends a log as it grows, until its end mark, no faster than the client reads. Heartbeats continue all the time: also
 * while it waits for the attempt or for Redis, and while only other steps write.
 *
 * @param place of the attempt, once there is one; null: there will be none, and nothing is sent
 * @param beatMs changed only in tests
 */
export async function streamLog(
  logs: LogStore,
  place: AttemptPlace | Promise<AttemptPlace | null>,
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
  beatMs = heartbeatMs,
): Promise<void> {
  const { format, offset } = wanted;
  // A heartbeat is pointless while the client has not read earlier data.
  const beat = (): void => {
    if (response.writableLength === 0) response.write(format.heartbeat);
  };
  const heart = format.heartbeat === '' ? undefined : setInterval(beat, beatMs);
  try {
    const found = await place;
    if (!found) return;
    const pages = logs.follow(found.uid, found.jobIndex, found.attempt, { offset, patient: true }, signal);
    for await (const page of pages) await writePage(page, wanted, response, signal);
  } finally {
    clearInterval(heart);
  }
}

/** The formatted pages that several followers share. */
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
