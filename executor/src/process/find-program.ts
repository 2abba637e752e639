import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { errorCode, saysGone } from './small-files.js';

/** The absolute path of a program on the search path. Throws a sentence if it is missing. */
export function findProgram(name: string, searchPath: string): string {
  for (const folder of searchPath.split(':')) {
    if (!folder.startsWith('/')) continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch (error) {
      if (!saysGone(error) && errorCode(error) !== 'EACCES') throw error;
    }
  }
  throw new Error(`The process executor needs the program ${name}, which is not on PATH (${searchPath}).`);
}
