import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
  readonly folder: string;
}

/** Processes that have a data folder in their command line, their environment or as their place; zombies have none. */
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
      return []; // It has ended between two looks, or is another user's.
    }
  });
}

/** What serves: all but the attempts, whose place is below the folder of all attempts. */
export function serversOf(home: string): FoundProcess[] {
  return processesOf(home).filter(({ folder }) => !folder.startsWith(`${home}/process/attempts/`));
}

export function killAll(processes: readonly FoundProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Ends by force all that has to do with a data folder, again and again until nothing is left. */
export async function endAllOf(home: string): Promise<void> {
  for (let left = processesOf(home); left.length > 0; left = processesOf(home)) {
    killAll(left);
    await pause(10);
  }
}

/** Waits until what was told to end is gone; fails with what is left. */
export async function untilGone(find: () => readonly FoundProcess[]): Promise<void> {
  await untilFound(() => find().length === 0).catch(() => {
    throw new Error(`still there: ${JSON.stringify(find())}`);
  });
}

/** Waits for what only a look at the system's processes can tell. */
export async function untilFound(look: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!look()) {
    if (performance.now() > deadline) throw new Error('it did not come');
    await pause(10);
  }
}
