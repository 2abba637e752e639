import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Runs a source as it is, so that no build is needed. */
const loader = ['--conditions=chainr-source', '--import=tsx'];

export interface EndedCommand {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command in its own process group, as a shell starts it: a source of this repository, or a bundle of one. */
export class Command {
  readonly pid: number;
  readonly ended: Promise<EndedCommand>;
  output = '';
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  /** @param folder the code that is run; by default this one */
  constructor(script: string, args: readonly string[], env: Record<string, string>, folder = root) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, [...(script.endsWith('.ts') ? loader : []), script, ...args], {
      cwd: folder,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.pid = this.#child.pid ?? 0;
    const take = (text: string) => {
      this.output += text;
      for (const look of this.#waiting) look();
    };
    this.#child.stdout?.setEncoding('utf8').on('data', take);
    this.#child.stderr?.setEncoding('utf8').on('data', take);
    const child = this.#child;
    this.ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  }

  /** Signals the whole group, as Ctrl-C does. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits for words in its output; fails with the whole output if it ends first. */
  async says(words: RegExp): Promise<RegExpExecArray> {
    const said = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = words.exec(this.output);
        if (!match) return;
        this.#waiting.delete(look);
        resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
    const early = this.ended.then(({ code, signal }): never => {
      throw new Error(`ended with ${String(code ?? signal)} before it said ${String(words)}: ${this.output}`);
    });
    return await Promise.race([said, early]);
  }
}
