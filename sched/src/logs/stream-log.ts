import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { LogPage } from '@chainr/core/store/logs/log-page';
import type { LogStore } from '@chainr/core/store/logs/log-store';
import type { AttemptPlace } from './find-attempt.js';
import type { LogFormat, WantedSteps } from './format-log.js';

/** Which part of a log is asked for, and how it is written. */
export interface WantedLog {
  format: LogFormat;
  /** Bytes of the log. */
  offset: number;
  steps: WantedSteps;
}

/** A follower of a silent log hears of it so often that its connection lives, in formats that have a word for that. */
const heartbeatMs = 15_000;

/**
 * Writes a log as it grows, until its end mark. Reads no faster than the client does. Shows all the time that it is
 * there: also while the attempt is waited for, while Redis is away, and while only other steps write.
 *
 * @param place of the attempt, once there is one; null: there will be none, and nothing is written
 * @param beatMs another one only in tests
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
  // To who has not taken what was sent before, a sign of life tells nothing.
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
