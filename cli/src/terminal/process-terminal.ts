import { createInterface } from 'node:readline/promises';
import { exitCodes } from '../exit-codes.js';
import { processScreen } from './process-screen.js';
import type { Terminal } from './terminal.js';
import { whyUnreadable } from '../pipeline-file/why-unreadable.js';

/** The terminal, pipe or file that this process was started with. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  let watches = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `chainr get | head` closes the pipe early, which is no error. A watched run has not been watched to its end.
    if (error.code === 'EPIPE') process.exit(watches ? exitCodes.couldNot : exitCodes.succeeded);
    stderr.write(`chainr: cannot write to standard output: ${whyUnreadable(error)}.\n`);
    process.exit(exitCodes.couldNot);
  });
  const draws = stdout.isTTY && env['TERM'] !== 'dumb';
  const colors = draws && !env['NO_COLOR'];
  return {
    stdin,
    stdout,
    stderr,
    env,
    server: {},
    colors,
    unicode: colors && speaksUtf8(env),
    ...(draws ? { screen: processScreen(stdout) } : {}),
    ...(stdin.isTTY && stderr.isTTY ? { ask } : {}),
    onInterrupt: () => {
      watches = true;
      return onInterrupt();
    },
  };
}

/** By the locale, as in setlocale(3); UTF-8 if none is set. */
function speaksUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'C.UTF-8';
  return /utf-?8/i.test(locale);
}

/**
 * Asks on standard error, to keep standard output clean. Ctrl-C and Ctrl-D (end of input) count as an empty answer.
 */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const nothing = new Promise<string>((resolve) => lines.once('close', () => resolve('\n')));
  const answer = lines.question(question).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') return nothing;
    throw error;
  });
  const said = await Promise.race([answer, nothing]);
  // The cursor is still behind the question.
  if (said === '\n') process.stderr.write(said);
  lines.close();
  return said;
}

function onInterrupt(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort();
    process.once('SIGINT', () => process.exit(exitCodes.couldNot));
  });
  return interrupt.signal;
}
