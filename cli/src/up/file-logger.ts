import { renameSync, statSync } from 'node:fs';
import { destination } from 'pino';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { CouldNot } from '../exit-codes.js';

/** A larger log is begun anew at the next start; the one before is kept. */
const largestBytes = 16 * 1024 * 1024;

/** Makes the loggers of all services: one file, beside the data; a large one becomes `….1` at the next start. */
export function createFileLogger(file: string, level: string): (service: string) => Logger {
  const lines = openLog(file);
  return (service) => createLogger(service, level, lines);
}

/** @throws CouldNot */
function openLog(file: string) {
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > largestBytes) renameSync(file, `${file}.1`);
    return destination({ dest: file, append: true, sync: true, mode: 0o600 });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new CouldNot(`the log ${file} cannot be written (${problem}): move it away, or set another CHAINR_HOME.`, {
      cause: error,
    });
  }
}
