import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptKey } from '../port.js';
import { namesAttempt } from './environment-of.js';
import { readBootId, readStat, type Identity } from './identity.js';
import { errorCode, saysGone } from './read-if-there.js';

/**
 * The processes of the session that a step leads. The number of a session is not given to another process while anyone
 * is in it. So if its leader lives, all that is in it is the step's; if the number is another process' by now, none is;
 * and if nobody has the number, a second session of that number might have come and lost its leader too: then
 * only those count whose environment names the attempt.
 */
export function sessionMembers(leader: Identity, key: AttemptKey): number[] {
  if (readBootId() !== leader.bootId) return [];
  const living = readStat(leader.pid);
  if (living && living.startTime !== leader.startTime) return [];
  return allProcesses().filter((pid) => {
    const stat = readStat(pid);
    // The leader is on record a moment before it has a session of its own.
    if (pid === leader.pid && stat?.startTime === leader.startTime) return true;
    if (stat?.session !== leader.pid || stat.startTime < leader.startTime) return false;
    return living !== undefined || namesAttempt(pid, key);
  });
}

/** Ends every process of the session by force and resolves when none is left. */
export async function endSession(leader: Identity, key: AttemptKey): Promise<void> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
    const members = sessionMembers(leader, key);
    if (members.length === 0) return;
    // Again in every round, since a member may have forked after it was counted.
    for (const pid of parentsFirst(members)) signalProcess(pid, 'SIGKILL');
    await delay(waitMs);
  }
}

/** Throws if the process is there and may not be sent the signal by this user. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (saysGone(error)) return;
    throw new Error(`Process ${pid} could not be sent ${signal} (${errorCode(error)}).`, { cause: error });
  }
}

/**
 * The same processes, each after its parent. A shell that lives on when its child dies of a signal says so on stderr
 * (`Terminated`, `Killed`); one that was sent the signal before does not run any more, unless it handles it. Pids
 * say nothing about it: they begin anew when the highest has been given.
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
