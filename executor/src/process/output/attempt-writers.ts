import { readlinkSync } from 'node:fs';
import { allProcesses, signalProcess } from '../end/end-session.js';
import { readIfThere } from '../small-files.js';

/**
 * The processes of supervisor.sh that write an attempt's output. Once its sessions have ended, only they work in its
 * folder. They exit when nobody has the output open any more.
 */
export function writersIn(path: string): number[] {
  return allProcesses().filter((pid) => {
    const folder = workingFolder(pid);
    return folder === path || folder === `${path} (deleted)`;
  });
}

/** Those writers that wait for output or write it: none while the unread output is at its limit. */
export function copiersIn(path: string): number[] {
  return writersIn(path).filter((pid) => readIfThere(`/proc/${pid}/comm`) === 'dd\n');
}

/** Ends the output where it is, even if somebody has it open. */
export function endCopiers(path: string): void {
  for (const pid of copiersIn(path)) signalProcess(pid, 'SIGTERM');
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}
