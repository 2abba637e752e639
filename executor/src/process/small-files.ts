import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const gone = new Set(['ENOENT', 'ENOTDIR', 'ESRCH']);

/** Whether an error says that a file or a process does not exist (any more). */
export function saysGone(error: unknown): boolean {
  return gone.has(errorCode(error));
}

/** The code of a system error such as `EEXIST`; an empty string for any other. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The text of a small file; undefined if it does not exist. */
export function readIfThere(path: string): string | undefined {
  // The usual case while an attempt is watched. An error object would cost several times as much.
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}

/** The names in a folder; none if it does not exist. */
export function namesIfThere(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (saysGone(error)) return [];
    throw error;
  }
}

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
