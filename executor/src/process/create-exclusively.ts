import { writeFileSync } from 'node:fs';
import { errorCode } from './read-if-there.js';

/** Creates a file; returns false if it exists already. */
export function createExclusively(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
