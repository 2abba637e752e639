import { join } from 'node:path';
import type { AttemptKey } from '../port.js';
import { stepFile } from './attempt-folder.js';
import { copiersIn, endCopiers } from './attempt-writers.js';
import { endSession } from './end-session.js';
import { endNamed } from './escape-sweep.js';
import { parseIdentity } from './identity.js';
import { readIfThere } from './read-if-there.js';
import { readStepExit } from './step-exit.js';

/** How long the output of a step that has ended may stay open before what keeps it open is looked for. */
const lookAfterMs = 100;
/** How long what is in the pipe may take to get to the disk after that. */
const drainMs = 3000;

/**
 * Ends what keeps a step's output open after the step has ended: processes that have left its process group. What may
 * not be ended, or cannot be told to be of the step, loses its output; what was written before the end is kept.
 */
export class OpenOutput {
  readonly #path: string;
  readonly #key: AttemptKey;
  /** The first step of which no end is on record that is whole. */
  #step = 0;
  #lookedAt = -Infinity;
  /** Since when the step has ended and its output is open, and since when it is copied nevertheless. */
  #openSince: number | undefined;
  #copiedSince: number | undefined;

  constructor(path: string, key: AttemptKey) {
    this.#path = path;
    this.#key = key;
  }

  /** To be called at each look at an attempt that is supervised. */
  async look(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < lookAfterMs) return;
    this.#lookedAt = now;
    let exit = readStepExit(this.#path, this.#step);
    for (; exit?.whole; exit = readStepExit(this.#path, this.#step)) {
      this.#step += 1;
      this.#openSince = this.#copiedSince = undefined;
    }
    if (!exit) return;
    this.#openSince ??= now;
    if (now - this.#openSince < lookAfterMs) return;
    await this.#endHolders(this.#step);
    if (copiersIn(this.#path).length === 0) this.#copiedSince = undefined;
    else this.#copiedSince ??= now;
    if (this.#copiedSince !== undefined && now - this.#copiedSince >= drainMs) endCopiers(this.#path);
  }

  /** Of this step alone: once they have ended, the next one begins. */
  async #endHolders(step: number): Promise<void> {
    const leader = parseIdentity(readIfThere(join(this.#path, stepFile(step, 'group'))) ?? '');
    if (leader) await endSession(leader, this.#key);
    const output = join(this.#path, stepFile(step, 'output'));
    await endNamed((origin) => origin.output === output);
  }
}
