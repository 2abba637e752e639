import type { Readable, Writable } from 'node:stream';

/** Everything that a command sees of its surroundings. Tests have their own. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** `named`: the server in the command line; set when the command line is read. */
  readonly server: { named?: string };
  /** Whether standard output shows colors. */
  readonly colors: boolean;
  /** Whether bars and marks may use characters beyond ASCII. */
  readonly unicode: boolean;
  /** Present if standard output is a terminal that can be redrawn. */
  readonly screen?: Screen;
  /** Asks the user a question; absent if there is no terminal. */
  readonly ask?: (question: string) => Promise<string>;
  /** The signal aborts at the next Ctrl-C, which then does not end the process. A second one does. */
  onInterrupt(): AbortSignal;
}

/** A terminal that can be redrawn, with its current size. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Calls the listener after each change of the size. @returns a function that removes it */
  onResize(listener: () => void): () => void;
  /** @returns a function that shows the cursor again; the end of the process shows it too */
  hideCursor(): () => void;
}

/** The width of the output if it goes to no terminal. */
const paperColumns = 100;

export const columnsOf = ({ screen }: Terminal): number => screen?.columns ?? paperColumns;

/** Writes a line to standard output. */
export function print(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** Writes a line for a person to standard error. */
export function note(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}
