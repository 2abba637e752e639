import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** The lines of a file that jobs append to; none if it does not exist yet. */
export function linesIn(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Waits until a file that jobs append to has so many lines. */
export function untilLines(file: string, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (linesIn(file).length < count) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(dirname(file), look).on('error', reject);
    look();
  });
}
