import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { untilFound } from './until-found.js';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
  readonly folder: string;
}

/**
 * Processes that have a data folder in their command line or environment, or as their working directory. Zombies have
 * none of these.
 */
export function processesOf(home: string): FoundProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      const folder = readlinkSync(`/proc/${name}/cwd`);
      const named = [command, environment, folder].some((text) => text.includes(home));
      return named ? [{ pid: Number(name), command, folder }] : [];
    } catch {
      return []; // It ended between two looks, or belongs to another user.
    }
  });
}

/** The services: all but the attempts, whose working directory is below the folder of all attempts. */
export function serversOf(home: string): FoundProcess[] {
  return processesOf(home).filter(({ folder }) => !folder.startsWith(`${home}/process/attempts/`));
}

/**
 * Kills the services, and nothing of an attempt. A supervisor may still be on its way into its attempt's folder when it
 * is found. So each process is stopped first, and continued if it has arrived by then.
 */
export async function killServersOf(home: string): Promise<void> {
  for (let found = serversOf(home); found.length > 0; found = serversOf(home)) {
    const stopped = found.filter(({ pid }) => signal(pid, 'SIGSTOP'));
    await untilStopped(stopped);
    const servers = new Set(serversOf(home).map(({ pid }) => pid));
    for (const { pid } of stopped) signal(pid, servers.has(pid) ? 'SIGKILL' : 'SIGCONT');
  }
}

/** Kills all at the same moment: none sees the end of another, and none starts anything after the first look. */
export async function killAllOf(home: string): Promise<void> {
  const stopped = new Set<number>();
  const others = () => processesOf(home).filter(({ pid }) => !stopped.has(pid));
  for (let found = others(); found.length > 0; found = others()) {
    for (const { pid } of found) if (signal(pid, 'SIGSTOP')) stopped.add(pid);
    await untilStopped(found);
  }
  for (const pid of stopped) signal(pid, 'SIGKILL');
}

/**
 * Waits until the signalled processes have stopped. A process in the kernel (D) counts as stopped: it may wait there
 * for a child that was stopped before its exec(2), as vfork(2) does, and would never be seen as stopped.
 */
async function untilStopped(told: readonly FoundProcess[]): Promise<void> {
  const running = () => told.filter(({ pid }) => /[RS]/.test(stateOf(pid)));
  await untilFound('processes to stop', running, (left) => left.length === 0);
}

/** Returns false if the process is gone. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

/** The state letter in /proc/PID/stat; empty if the process is gone. */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return '';
  }
}

/** Kills everything that uses a data folder, repeatedly until nothing is left. */
export async function endAllOf(home: string): Promise<void> {
  await untilGone(() => {
    const left = processesOf(home);
    for (const { pid } of left) signal(pid, 'SIGKILL');
    return left;
  });
}

/** Waits until the signalled processes are gone; fails with those that are left. */
export async function untilGone(find: () => readonly FoundProcess[]): Promise<void> {
  await untilFound('processes to be gone', find, (left) => left.length === 0);
}
