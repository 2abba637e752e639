import { Readable, Writable } from 'node:stream';
import { runCli } from '../src/run-cli.js';
import type { Screen, Terminal } from '../src/terminal/terminal.js';
import { untilFound } from '@chainr/testkit/until-found';

/** A running command, and everything that it has printed. */
export interface Session {
  readonly stdout: string;
  readonly stderr: string;
  /** The number of writes to standard output. */
  readonly writes: number;
  readonly exitCode: Promise<number>;
  /** Resolves when standard output matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  interrupt(): void;
}

/** Runs `chainr` in this process with a terminal that a test reads. */
export function chainr(
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    stdin?: string | Uint8Array;
    screen?: Screen;
    answers?: readonly string[];
  } = {},
): Session {
  const printed = { stdout: '', stderr: '' };
  let writes = 0;
  const interrupt = new AbortController();
  const capture = (name: 'stdout' | 'stderr') =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        printed[name] += chunk.toString('utf8');
        if (name === 'stdout') writes += 1;
        done();
      },
    });
  const terminal: Terminal = {
    stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
    stdout: capture('stdout'),
    stderr: capture('stderr'),
    env: options.env ?? {},
    server: {},
    colors: false,
    unicode: false,
    ...(options.screen ? { screen: options.screen } : {}),
    ...(options.answers ? { ask: answerWith(options.answers) } : {}),
    onInterrupt: () => interrupt.signal,
  };
  const exitCode = runCli(args, terminal);
  return {
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    get writes() {
      return writes;
    },
    exitCode,
    until: async (pattern) => {
      await untilFound(
        `${String(pattern)} on the screen`,
        () => printed.stdout,
        (text) => pattern.test(text),
      );
      return pattern.exec(printed.stdout)!;
    },
    interrupt: () => {
      interrupt.abort();
    },
  };
}

/** Answers the questions in order. Fails with the question if there is no answer left. */
function answerWith(answers: readonly string[]): (question: string) => Promise<string> {
  const left = [...answers];
  return async (question) => {
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody answers: ${question}`);
    return answer;
  };
}
