import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Environment } from './attempt-environment.js';

/** The path holds from `src` (tests) and from `dist` alike. */
const supervisorScript = fileURLToPath(new URL('./supervisor.sh', import.meta.url));

export interface StartRequest {
  /** The attempt's folder below that of all attempts. */
  folder: string;
  /** The prefix of the steps' scripts. */
  plan: string;
  /** For each step, whether the attempt goes on when it fails. */
  tolerated: readonly boolean[];
}

/**
 * The shell that begins supervisors: a fork of it costs a fraction of a millisecond, where a spawn by Node blocks the
 * event loop for one to several. In a session of its own, so that a Ctrl-C does not reach what it begins; it ends by
 * itself when the worker is gone. If it is killed, requests may be lost: it is begun again with the next one, and
 * whoever waits for a start sends its request again, which starts nothing twice.
 */
export class Launcher {
  readonly #folder: string;
  readonly #environment: Environment;
  readonly #setsid: string;
  #child: ChildProcess | undefined;
  #failure: Error | undefined;

  constructor(folder: string, environment: Environment, setsid: string) {
    this.#folder = folder;
    this.#environment = environment;
    this.#setsid = setsid;
  }

  /** Throws if the shell could not be run the last time; the next call tries again. */
  send({ folder, plan, tolerated }: StartRequest): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw new Error(`/bin/sh cannot be run: ${failure.message}.`, { cause: failure });
    this.#child ??= this.#begin();
    this.#child.stdin?.write(`${tolerated.map((is) => (is ? '1' : '0')).join('')} ${plan} ${folder}\n`);
  }

  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #begin(): ChildProcess {
    const child = spawn('/bin/sh', [supervisorScript, this.#setsid], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', forget);
    child.once('error', (error) => {
      this.#failure = error;
      forget();
    });
    // A write to a shell that has just died: the request is lost, and sent again as said above.
    child.stdin.on('error', forget);
    // Neither keeps a worker from ending.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    return child;
  }
}
