import type { Readable, Writable } from 'node:stream';

/** What a command sees of the world: tests bring their own. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: NodeJS.ProcessEnv;
  /** The server that the command line names, if it does, as soon as it is read. */
  readonly server: { named?: string };
  /** Whether standard output shows colors. */
  readonly colors: boolean;
  /** Whether bars and marks are drawn with more than ASCII has. */
  readonly unicode: boolean;
  /** Where standard output is a terminal whose lines can be drawn anew. */
  readonly screen?: Screen;
  /** Asks whoever sits there one question; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  /** Aborts at the first Ctrl-C from now on, which then does not end the process; a second one does. */
  onInterrupt(): AbortSignal;
}

/** A terminal that somebody looks at; its size is what it is now. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Calls whenever the size has changed. @returns what ends that */
  onResize(listener: () => void): () => void;
  /** @returns what shows the cursor again; so does the end of the process, however it ends */
  hideCursor(): () => void;
}

/** How wide what is drawn may be where nobody knows how wide the paper is. */
const paperColumns = 100;

export const columnsOf = ({ screen }: Terminal): number => screen?.columns ?? paperColumns;

/** One line on standard output. */
export function print(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** One line for a person, beside the output. */
export function note(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}
