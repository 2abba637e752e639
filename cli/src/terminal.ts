import type { Readable, Writable } from 'node:stream';

/** What a command sees of the world: tests bring their own. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** Whether standard output shows colors. */
  readonly colors: boolean;
  /** Aborts at the first Ctrl-C from now on, which then does not end the process; a second one does. */
  onInterrupt(): AbortSignal;
}

/** One line on standard output. */
export function print(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** One line for a person, beside the output. */
export function note(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}
