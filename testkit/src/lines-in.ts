import { readFileSync } from 'node:fs';
import { untilFound } from './until-found.js';

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
export async function untilLines(file: string, count: number): Promise<void> {
  const look = () => linesIn(file);
  await untilFound(`${count} lines in ${file}`, look, (lines) => lines.length >= count);
}
