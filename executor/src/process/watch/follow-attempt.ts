import { existsSync } from 'node:fs';
import type { AttemptKey, AttemptSpec } from '../../port.js';
import { attemptFolder } from '../attempt-folder.js';
import { pathOf, type PendingStart, type ProcessContext } from '../context.js';
import { endCopiers, writersIn } from '../output/attempt-writers.js';
import { fullDisk } from '../output/disk-space.js';
import { signalProcess } from '../end/end-session.js';
import { endNamed } from '../end/escape-sweep.js';
import { isAlive, type Identity } from '../identity.js';
import type { Launcher } from '../start/launcher.js';
import { lookAtAttempt, type Sight, type Supervisor } from './look-at-attempt.js';
import { OpenOutput } from '../output/open-output.js';
import { endRemains } from '../end/step-sessions.js';

/** When to repeat a start request. A start usually takes a few milliseconds. */
const repeatAfterMs = 1000;
/** How long the rest in the pipe of an abandoned attempt may take to reach the disk, unless it waits for its reader. */
const drainMs = 3000;
/** The same if it waits for its reader: unread output must not block anything for ever. */
const unreadMs = 30_000;

export type AttemptEnd =
  | Extract<Sight, { kind: 'ended' | 'tombstone' | 'abandoned' | 'nothing' }>
  /** Its folder was removed while it ran; `unseen`: or after its end, which nobody saw. */
  | { kind: 'removed'; unseen: boolean };

/** Looks at an attempt repeatedly, remembers what it saw, and repeats start requests that were lost. */
export class AttemptFollower {
  readonly #context: ProcessContext;
  readonly #key: AttemptKey;
  /** Its start was recorded before it was observed here. */
  readonly #mayHaveRun: boolean;
  readonly #folder: string;
  readonly #path: string;
  readonly #open: OpenOutput;
  #supervisor: Supervisor | undefined;
  /** Since when it is known to have no supervisor. */
  #abandonedSince: number | undefined;

  constructor(context: ProcessContext, key: AttemptKey & Pick<AttemptSpec, 'starts'>) {
    this.#context = context;
    this.#key = key;
    this.#mayHaveRun = (key.starts ?? 0) > 0;
    this.#folder = attemptFolder(key);
    this.#path = pathOf(context, key);
    this.#open = new OpenOutput(this.#path, key);
  }

  /** Undefined while the attempt goes on. When it resolves with an end, nothing of the attempt runs any more. */
  async look(): Promise<AttemptEnd | undefined> {
    const sight = lookAtAttempt(this.#path);
    const { pendingStarts, launcher } = this.#context;
    switch (sight.kind) {
      case 'claimed':
        return undefined;
      case 'nothing': {
        const pending = pendingStarts.get(this.#folder);
        if (!this.#supervisor && pending && existsSync(this.#path)) {
          askAgain(pending, launcher, this.#path);
          return undefined;
        }
        if (!this.#supervisor && !pending && !this.#mayHaveRun) break;
        pendingStarts.delete(this.#folder);
        await endRemoved(this.#path, this.#supervisor);
        return { kind: 'removed', unseen: this.#supervisor === undefined };
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

  /** Whether output of an abandoned attempt is still on its way to the disk. Ends it if that takes too long. */
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

/** A request is lost if the launcher was killed before it read it. Throws if the disk is too full for the records. */
function askAgain(pending: PendingStart, launcher: Launcher, path: string): void {
  const now = performance.now();
  if (now - pending.sentAt < repeatAfterMs) return;
  const full = fullDisk(path);
  if (full !== undefined) throw new Error(full);
  pending.guard();
  launcher.send(pending.request);
  pending.sentAt = now;
}

/** Ends a supervisor whose records are gone, everything that it started, and its writers. */
async function endRemoved(path: string, supervisor: Identity | undefined): Promise<void> {
  if (supervisor && isAlive(supervisor)) signalProcess(supervisor.pid, 'SIGKILL');
  await endNamed(({ folder }) => folder === path);
  for (const pid of writersIn(path)) signalProcess(pid, 'SIGKILL');
}
