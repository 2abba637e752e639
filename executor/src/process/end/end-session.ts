import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptKey } from '../../port.js';
import { namesAttempt } from './environment-of.js';
import { readBootId, readStat, type Identity } from '../identity.js';
import { errorCode, saysGone } from '../small-files.js';

/**
 * The processes of the session that a step leads. The kernel does not reuse the number of a session while it has
 * members. So if the leader lives, all members are the step's. If the number belongs to another process now, none are.
 * If no process has the number, a second session with that number may have come and lost its leader too; then only
 * members whose environment names the attempt count.
 */
export function sessionMembers(leader: Identity, key: AttemptKey): number[] {
  if (readBootId() !== leader.bootId) return [];
  const living = readStat(leader.pid);
  if (living && living.startTime !== leader.startTime) return [];
  return allProcesses().filter((pid) => {
    const stat = readStat(pid);
    // The leader is recorded a moment before it has a session of its own.
    if (pid === leader.pid && stat?.startTime === leader.startTime) return true;
    if (stat?.session !== leader.pid || stat.startTime < leader.startTime) return false;
    return living !== undefined || namesAttempt(pid, key);
  });
}

/** Kills every process of the session and resolves when none is left. */
export async function endSession(leader: Identity, key: AttemptKey): Promise<void> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
    const members = sessionMembers(leader, key);
    if (members.length === 0) return;
    // Listed anew in every round, since a member may have forked meanwhile.
    for (const pid of parentsFirst(members)) signalProcess(pid, 'SIGKILL');
    await delay(waitMs);
  }
}

/** Throws if the process exists and this user may not signal it. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (saysGone(error)) return;
    throw new Error(`Process ${pid} could not be sent ${signal} (${errorCode(error)}).`, { cause: error });
  }
}

/**
 * The same processes, each after its parent. A shell that survives its child reports the death of the child on stderr
 * (`Terminated`, `Killed`). A shell that was signalled before is dead by then, unless it handles the signal. Pids do
 * not give the order: they wrap around.
 */
export function parentsFirst(pids: Iterable<number>): number[] {
  const parents = new Map(Array.from(pids, (pid) => [pid, readStat(pid)?.parent]));
  const ordered: number[] = [];
  const take = (pid: number | undefined): void => {
    if (pid === undefined || !parents.has(pid)) return;
    const parent = parents.get(pid);
    parents.delete(pid);
    take(parent);
    ordered.push(pid);
  };
  for (const pid of [...parents.keys()]) take(pid);
  return ordered;
}

/** The pids of all processes of this machine, ascending. */
export function allProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}
