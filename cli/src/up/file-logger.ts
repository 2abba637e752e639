import { renameSync, statSync } from 'node:fs';
import { destination } from 'pino';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { CouldNot } from '../exit-codes.js';

/** A larger log is rotated at the next start; one old log is kept. */
const largestBytes = 16 * 1024 * 1024;

/** Creates the loggers of all services. They share one file in the data folder, rotated to `….1` at a start. */
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
