import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { allProcesses, parentsFirst } from './end-session.js';
import { originOf } from './environment-of.js';
import { errorCode, saysGone } from '../small-files.js';

/** Escaped processes are killed this long after their attempt's end, together with those of other attempts. */
const gatherMs = 500;
/** Processes examined before others get a turn; each takes some 20 µs. */
const processesPerTurn = 50;

type Belongs = (origin: { folder: string; output: string }) => boolean;

/**
 * Kills processes that have left the session of an ended attempt (setsid, daemons). It finds them by their environment.
 * One pass over all processes of the machine serves all attempts that ended within half a second.
 */
export class EscapeSweep {
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param path the attempt's folder */
  add(path: string): void {
    if (this.#closed) return;
    this.#due.add(path);
    this.#timer ??= setTimeout(() => void this.#endDue(), gatherMs);
  }

  /** Drops everything that is scheduled. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #endDue(): Promise<void> {
    this.#timer = undefined;
    const due = new Set(this.#due);
    this.#due.clear();
    try {
      await endNamed(({ folder }) => due.has(folder));
    } catch {
      // Processes cannot be listed just now (no file may be opened any more): retry later.
      for (const path of due) this.add(path);
    }
  }
}

/** Kills all processes that belong to an attempt or a step according to their environment. */
export async function endNamed(belongs: Belongs): Promise<void> {
  // Repeats until none is left, since one may have forked after its children were looked for.
  for (let waitMs = 1; (await killNamed(belongs)) > 0; waitMs = Math.min(waitMs * 2, 1000)) {
    await delay(waitMs);
  }
}

/** The current processes of an attempt, by their environment. */
export const namedProcesses = (path: string): number[] =>
  allProcesses().filter((pid) => originOf(pid)?.folder === path);

/** @returns how many were found, without those of other users, which cannot be signalled */
async function killNamed(belongs: Belongs): Promise<number> {
  const isNamed = (pid: number): boolean => {
    const origin = originOf(pid);
    return origin !== undefined && belongs(origin);
  };
  const named: number[] = [];
  for (const [index, pid] of allProcesses().entries()) {
    if (index % processesPerTurn === processesPerTurn - 1) await setImmediate();
    if (isNamed(pid)) named.push(pid);
  }
  let killed = 0;
  for (const pid of parentsFirst(named)) {
    // Other code ran meanwhile, so the pid may belong to another process by now.
    if (!isNamed(pid)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed += 1;
    } catch (error) {
      if (!saysGone(error) && errorCode(error) !== 'EPERM') throw error;
    }
  }
  return killed;
}
