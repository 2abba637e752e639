import { join } from 'node:path';
import type { AttemptKey } from '../../port.js';
import { stepFile } from '../attempt-folder.js';
import { copiersIn, endCopiers } from './attempt-writers.js';
import { endSession } from '../end/end-session.js';
import { endNamed } from '../end/escape-sweep.js';
import { parseIdentity } from '../identity.js';
import { readIfThere } from '../small-files.js';
import { readStepExit } from '../watch/step-exit.js';

/** How long the output may stay open after its step's end before the holders are looked for. */
const lookAfterMs = 100;
/** How long the rest in the pipe may then take to reach the disk. */
const drainMs = 3000;

/**
 * Kills processes that keep a step's output open after the step has ended because they left its process group. If one
 * cannot be killed or identified, its further output is lost; everything written before the end is kept.
 */
export class OpenOutput {
  readonly #path: string;
  readonly #key: AttemptKey;
  /** The first step without a complete record of its end. */
  #step = 0;
  #lookedAt = -Infinity;
  /** Since when the step has ended with its output open, and since when the rest is copied nevertheless. */
  #openSince: number | undefined;
  #copiedSince: number | undefined;

  constructor(path: string, key: AttemptKey) {
    this.#path = path;
    this.#key = key;
  }

  /** Call it at each look at a supervised attempt. */
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

  /** Only of this step: the next one begins as soon as they have ended. */
  async #endHolders(step: number): Promise<void> {
    const leader = parseIdentity(readIfThere(join(this.#path, stepFile(step, 'group'))) ?? '');
    if (leader) await endSession(leader, this.#key);
    const output = join(this.#path, stepFile(step, 'output'));
    await endNamed((origin) => origin.output === output);
  }
}
