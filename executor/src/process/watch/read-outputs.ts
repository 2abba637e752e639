import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { outputBytesRead, type WrittenOutputs } from '@chainr/core/engine/outputs';
import type { AttemptSpec } from '../../port.js';
import { stepFile } from '../attempt-folder.js';
import { errorCode } from '../small-files.js';

/** The outputs of an attempt's first `count` steps. */
export function readOutputs(path: string, { steps }: AttemptSpec, count: number): WrittenOutputs[] {
  return steps.slice(0, count).flatMap(({ name }, index) => {
    const file = join(path, stepFile(index, 'output'));
    const found = lstatSync(file, { throwIfNoEntry: false });
    return found ? [{ step: name, content: found.isFile() ? readPlainFile(file) : undefined }] : [];
  });
}

/** A job can leave anything there: a pipe must not block the worker, and a link must not lead out of the folder. */
function readPlainFile(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ELOOP', 'ENXIO', 'EACCES', 'ENOENT'].includes(errorCode(error))) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(file).isFile()) return undefined;
    const buffer = Buffer.alloc(outputBytesRead);
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}
