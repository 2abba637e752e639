import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Environment } from './attempt-environment.js';

/** Valid both from `src` (tests) and from `dist`. */
const supervisorScript = fileURLToPath(new URL('../../../src/process/start/supervisor.sh', import.meta.url));

export interface StartRequest {
  /** The attempt's folder, relative to that of all attempts. */
  folder: string;
  /** The prefix of the steps' scripts. */
  plan: string;
  /** For each step, whether its failure is tolerated. */
  tolerated: readonly boolean[];
}

/**
 * The shell that starts supervisors. It forks in a fraction of a millisecond, while a spawn by Node blocks the event
 * loop for one to several. It has its own session, so that a Ctrl-C does not reach what it starts, and it exits when
 * the worker is gone. If it is killed, requests may be lost. The next request restarts it, and whoever waits for a
 * start repeats the request, which starts nothing twice.
 */
export class Launcher {
  readonly #folder: string;
  readonly #environment: Environment;
  readonly #setsid: string;
  readonly #script: string;
  #child: ChildProcess | undefined;
  #failure: Error | undefined;

  constructor(folder: string, environment: Environment, setsid: string, script = supervisorScript) {
    this.#folder = folder;
    this.#environment = environment;
    this.#setsid = setsid;
    this.#script = script;
  }

  /** Throws if the shell could not be run or failed the last time; the next call tries again. */
  send({ folder, plan, tolerated }: StartRequest): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    this.#child ??= this.#begin();
    this.#child.stdin?.write(`${tolerated.map((is) => (is ? '1' : '0')).join('')} ${plan} ${folder}\n`);
  }

  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #begin(): ChildProcess {
    const child = spawn('/bin/sh', [this.#script, this.#setsid], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', (code) => {
      if (code) this.#failure = new Error(`/bin/sh ${this.#script} exited with code ${code}.`);
      forget();
    });
    child.once('error', (error) => {
      this.#failure = new Error(`/bin/sh cannot be run: ${error.message}.`, { cause: error });
      forget();
    });
    // A write to a shell that just died: the request is lost and repeated as described above.
    child.stdin.on('error', forget);
    // Neither keeps a worker from exiting.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    return child;
  }
}
