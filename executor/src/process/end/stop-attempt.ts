import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptKey, WriteGuard } from '../../port.js';
import { attemptFiles, attemptFolder } from '../attempt-folder.js';
import { pathOf, type ProcessContext } from '../context.js';
import { createExclusively } from '../small-files.js';
import { parentsFirst, sessionMembers, signalProcess } from './end-session.js';
import { endNamed, namedProcesses } from './escape-sweep.js';
import { AttemptFollower } from '../watch/follow-attempt.js';
import { isAlive } from '../identity.js';
import { lookAtAttempt, writeTombstone } from '../watch/look-at-attempt.js';
import { makeAttemptFolder } from '../start/make-attempt-folder.js';
import { endSessions, stepLeaders } from './step-sessions.js';

/**
 * How long a supervisor may take to record the end after its step was killed, before it is killed itself. The step's
 * output may have to wait for its reader.
 */
const supervisorGraceMs = 15_000;

const concerns = (file: string): boolean =>
  file === attemptFiles.exit || file === attemptFiles.started || file.endsWith('.started');

/** Ends an attempt, or takes its name so that nobody can start it; see the port. */
export async function stopAttempt(
  context: ProcessContext,
  key: AttemptKey,
  graceMs: number,
  guard: WriteGuard,
): Promise<void> {
  const path = pathOf(context, key);
  guard();
  makeAttemptFolder(context, key, path);
  guard();
  if (createExclusively(join(path, attemptFiles.started), writeTombstone({ why: 'canceled' }))) {
    context.pendingStarts.delete(attemptFolder(key));
    // Somebody may have removed its folder while it ran.
    await endNamed(({ folder }) => folder === path);
    return;
  }
  // Before any signal: a step that begins after this sees it, and the look below finds one that began before.
  guard();
  writeFileSync(join(path, attemptFiles.stop), '');

  const follower = new AttemptFollower(context, key);
  const watch = context.board.open(path, concerns);
  const force = { steps: false, supervisor: false };
  const escalate = (to: keyof typeof force): void => {
    force[to] = true;
    watch.wake();
  };
  const timers = [
    setTimeout(() => escalate('steps'), graceMs),
    setTimeout(() => escalate('supervisor'), graceMs + supervisorGraceMs),
  ];
  const asked = new Set<number>();
  try {
    while (!(await follower.look())) {
      guard();
      for (const leader of stepLeaders(path)) {
        if (asked.has(leader.pid) && !force.steps) continue;
        asked.add(leader.pid);
        const signal = force.steps ? 'SIGKILL' : 'SIGTERM';
        const members = new Set([...sessionMembers(leader, key), ...namedProcesses(path)]);
        for (const pid of parentsFirst(members)) signalProcess(pid, signal);
      }
      const sight = lookAtAttempt(path);
      if (force.supervisor && sight.kind === 'running' && isAlive(sight.supervisor)) {
        signalProcess(sight.supervisor.pid, 'SIGKILL');
      }
      await watch.next();
    }
    // The supervisor does not end processes that moved to another process group or session.
    guard();
    await endSessions(path, key);
    await endNamed(({ folder }) => folder === path);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    watch.close();
  }
}
