import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { allProcesses, parentsFirst } from './end-session.js';
import { originOf } from './environment-of.js';
import { errorCode, saysGone } from './read-if-there.js';

/** So long after an attempt's end what escaped from it is ended, together with what escaped from others meanwhile. */
const gatherMs = 500;
/** Processes that are looked at before others get a turn: some 20 µs each. */
const processesPerTurn = 50;

type Belongs = (origin: { folder: string; output: string }) => boolean;

/**
 * Ends processes that have left the session of an attempt that has ended (setsid, daemons), by their environment. One
 * look at all processes of the machine serves all attempts that ended within half a second.
 */
export class EscapeSweep {
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param path the attempt's folder. */
  add(path: string): void {
    if (this.#closed) return;
    this.#due.add(path);
    this.#timer ??= setTimeout(() => void this.#endDue(), gatherMs);
  }

  /** Forgets what is due. */
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
      // Processes cannot be looked at just now (no file may be opened any more): later again.
      for (const path of due) this.add(path);
    }
  }
}

/** Ends by force all processes that belong to an attempt, or to a step, by their environment. */
export async function endNamed(belongs: Belongs): Promise<void> {
  // Again until there are none, since one may have forked after its child was looked for.
  for (let waitMs = 1; (await killNamed(belongs)) > 0; waitMs = Math.min(waitMs * 2, 1000)) {
    await delay(waitMs);
  }
}

/** The processes of an attempt by their environment, at this moment. */
export const namedProcesses = (path: string): number[] =>
  allProcesses().filter((pid) => originOf(pid)?.folder === path);

/** @returns how many there were; those of other users, which may not be sent a signal, do not count. */
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
    // Others had their turns meanwhile: its number may be another process' by now.
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
