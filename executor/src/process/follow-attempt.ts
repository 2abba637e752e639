import { existsSync } from 'node:fs';
import type { AttemptKey } from '../port.js';
import { attemptFolder } from './attempt-folder.js';
import { pathOf, type PendingStart, type ProcessContext } from './context.js';
import { childrenOf, endSession, signalProcess } from './end-session.js';
import { isAlive, type Identity } from './identity.js';
import type { Launcher } from './launcher.js';
import { lookAtAttempt, type Sight, type Supervisor } from './look-at-attempt.js';
import { endRemains } from './step-sessions.js';

/** A start usually takes a few milliseconds. */
const repeatAfterMs = 1000;

export type Ended =
  | Extract<Sight, { kind: 'ended' | 'tombstone' | 'abandoned' | 'nothing' }>
  /** Its folder was removed while it ran. */
  | { kind: 'removed' };

/** Looks once at an attempt, again and again; remembers what it saw, and asks again for a start that was lost. */
export class AttemptFollower {
  readonly #context: ProcessContext;
  readonly #key: AttemptKey;
  readonly #folder: string;
  readonly #path: string;
  #supervisor: Supervisor | undefined;

  constructor(context: ProcessContext, key: AttemptKey) {
    this.#context = context;
    this.#key = key;
    this.#folder = attemptFolder(key);
    this.#path = pathOf(context, key);
  }

  /** Undefined as long as the attempt goes on. When it resolves with an end, nothing of the attempt runs any more. */
  async look(): Promise<Ended | undefined> {
    const sight = lookAtAttempt(this.#path);
    const { pendingStarts, launcher } = this.#context;
    switch (sight.kind) {
      case 'claimed':
        return undefined;
      case 'nothing': {
        if (this.#supervisor) {
          await endRemoved(this.#supervisor, this.#key);
          return { kind: 'removed' };
        }
        const pending = pendingStarts.get(this.#folder);
        if (!pending || !existsSync(this.#path)) break;
        askAgain(pending, launcher);
        return undefined;
      }
      case 'running':
        this.#supervisor = sight.supervisor;
        pendingStarts.delete(this.#folder);
        return undefined;
      case 'abandoned':
        await endRemains(this.#path, this.#key, sight.supervisor);
        break;
      case 'ended':
      case 'tombstone':
        break;
    }
    pendingStarts.delete(this.#folder);
    return sight;
  }
}

/** A request is lost if the launcher was killed before it read it. */
function askAgain(pending: PendingStart, launcher: Launcher): void {
  const now = performance.now();
  if (now - pending.sentAt < repeatAfterMs) return;
  pending.guard();
  launcher.send(pending.request);
  pending.sentAt = now;
}

/** Ends a supervisor whose records are gone, and the step that it waits for. */
async function endRemoved(supervisor: Identity, key: AttemptKey): Promise<void> {
  const steps = isAlive(supervisor) ? childrenOf(supervisor.pid) : [];
  if (isAlive(supervisor)) signalProcess(supervisor.pid, 'SIGKILL');
  for (const step of steps) await endSession(step, key);
}
