import { renameSync, statSync } from 'node:fs';
import { destination } from 'pino';
import { createLogger, type Logger } from '@chainr/core/service/logger';

/** A larger log is begun anew at the next start; the one before is kept. */
const largestBytes = 16 * 1024 * 1024;

/** Makes the loggers of all services: one file, beside the data; a large one becomes `….1` at the next start. */
export function createFileLogger(file: string, level: string): (service: string) => Logger {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestBytes) renameSync(file, `${file}.1`);
  const lines = destination({ dest: file, append: true, sync: true, mode: 0o600 });
  return (service) => createLogger(service, level, lines);
}
