import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { LogStore, StoredLine } from '@chainr/core/store/log-store';
import type { AttemptPlace } from './find-attempt.js';
import type { LogFormat } from './format-log.js';

/** Which part of a log is asked for, and how it is written. */
export interface WantedLog {
  format: LogFormat;
  /** Bytes of the stored log. */
  offset: number;
  /** Only the lines of this step. */
  step: string | undefined;
}

/** Writes a log as it grows, until its end mark. Reads no faster than the client does. */
export async function streamLog(
  logs: LogStore,
  place: AttemptPlace,
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const pages = logs.follow(place.uid, place.jobIndex, place.attempt, { offset: wanted.offset }, signal);
  for await (const { lines } of pages) await writeLines(lines, wanted, response, signal);
}

export async function writeLines(
  lines: readonly StoredLine[],
  wanted: WantedLog,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const text = wanted.format.format(linesOf(lines, wanted.step));
  if (text !== '' && !response.write(text)) await once(response, 'drain', { signal });
}

export function linesOf(lines: readonly StoredLine[], step: string | undefined): readonly StoredLine[] {
  return step === undefined ? lines : lines.filter((line) => line.step === step);
}
