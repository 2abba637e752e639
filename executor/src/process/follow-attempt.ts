import { existsSync } from 'node:fs';
import type { AttemptKey } from '../port.js';
import { attemptFolder } from './attempt-folder.js';
import { pathOf, type PendingStart, type ProcessContext } from './context.js';
import { endCopiers, writersIn } from './attempt-writers.js';
import { fullDisk } from './disk-space.js';
import { signalProcess } from './end-session.js';
import { endNamed } from './escape-sweep.js';
import { isAlive, type Identity } from './identity.js';
import type { Launcher } from './launcher.js';
import { lookAtAttempt, type Sight, type Supervisor } from './look-at-attempt.js';
import { OpenOutput } from './open-output.js';
import { endRemains } from './step-sessions.js';

/** A start usually takes a few milliseconds. */
const repeatAfterMs = 1000;
/** How long what is in the pipe of an abandoned attempt may take to get to the disk, if it is not waited for. */
const drainMs = 3000;
/** And if it is: output that nobody reads holds nobody up. */
const unreadMs = 30_000;

export type AttemptEnd =
  | Extract<Sight, { kind: 'ended' | 'tombstone' | 'abandoned' | 'nothing' }>
  /** Its folder was removed while it ran. */
  | { kind: 'removed' };

/** Looks once at an attempt, again and again; remembers what it saw, and asks again for a start that was lost. */
export class AttemptFollower {
  readonly #context: ProcessContext;
  readonly #key: AttemptKey;
  readonly #folder: string;
  readonly #path: string;
  readonly #open: OpenOutput;
  #supervisor: Supervisor | undefined;
  /** Since when it has been known that nobody supervises it. */
  #abandonedSince: number | undefined;

  constructor(context: ProcessContext, key: AttemptKey) {
    this.#context = context;
    this.#key = key;
    this.#folder = attemptFolder(key);
    this.#path = pathOf(context, key);
    this.#open = new OpenOutput(this.#path, key);
  }

  /** Undefined as long as the attempt goes on. When it resolves with an end, nothing of the attempt runs any more. */
  async look(): Promise<AttemptEnd | undefined> {
    const sight = lookAtAttempt(this.#path);
    const { pendingStarts, launcher } = this.#context;
    switch (sight.kind) {
      case 'claimed':
        return undefined;
      case 'nothing': {
        if (this.#supervisor) {
          await endRemoved(this.#path, this.#supervisor);
          return { kind: 'removed' };
        }
        const pending = pendingStarts.get(this.#folder);
        if (!pending || !existsSync(this.#path)) break;
        askAgain(pending, launcher, this.#path);
        return undefined;
      }
      case 'running':
        this.#supervisor = sight.supervisor;
        pendingStarts.delete(this.#folder);
        await this.#open.look();
        return undefined;
      case 'abandoned':
        await endRemains(this.#path, this.#key, sight.supervisor);
        await endNamed(({ folder }) => folder === this.#path);
        if (this.#isStillWritten()) return undefined;
        break;
      case 'ended':
      case 'tombstone':
        break;
    }
    pendingStarts.delete(this.#folder);
    this.#context.escapes.add(this.#path);
    return sight;
  }

  /** Whether what an abandoned attempt wrote is still on its way to the disk; ends what takes too long. */
  #isStillWritten(): boolean {
    const writers = writersIn(this.#path);
    if (writers.length === 0) return false;
    const now = performance.now();
    this.#abandonedSince ??= now;
    const ms = now - this.#abandonedSince;
    if (ms >= unreadMs) for (const pid of writers) signalProcess(pid, 'SIGKILL');
    else if (ms >= drainMs) endCopiers(this.#path);
    return true;
  }
}

/** A request is lost if the launcher was killed before it read it. Throws if the disk has no room for the records. */
function askAgain(pending: PendingStart, launcher: Launcher, path: string): void {
  const now = performance.now();
  if (now - pending.sentAt < repeatAfterMs) return;
  const full = fullDisk(path);
  if (full !== undefined) throw new Error(full);
  pending.guard();
  launcher.send(pending.request);
  pending.sentAt = now;
}

/** Ends a supervisor whose records are gone, what it has begun, and what keeps its output. */
async function endRemoved(path: string, supervisor: Identity): Promise<void> {
  if (isAlive(supervisor)) signalProcess(supervisor.pid, 'SIGKILL');
  await endNamed(({ folder }) => folder === path);
  for (const pid of writersIn(path)) signalProcess(pid, 'SIGKILL');
}
