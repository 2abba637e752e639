import { exitCodes } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** The terminal, pipe or file that this process was started with. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // `chainr get | head` closes the pipe early: there is nobody left to write for.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.succeeded);
  });
  const colors = stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return { stdin, stdout, stderr, env, colors, onInterrupt };
}

function onInterrupt(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort();
    process.once('SIGINT', () => process.exit(exitCodes.couldNot));
  });
  return interrupt.signal;
}
