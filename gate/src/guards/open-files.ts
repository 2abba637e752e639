import { readFileSync } from 'node:fs';

/** Used if the system does not tell. */
const usualOpenFiles = 4_096;

/** How many files this process may have open. Node raises its own limit to what the system allows. */
export function openFilesMax(): number {
  try {
    const [, soft = ''] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft) || usualOpenFiles;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return usualOpenFiles; // Not Linux.
    throw error;
  }
}
