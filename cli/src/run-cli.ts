import { CommanderError } from 'commander';
import { createProgram } from './create-program.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { explainError } from './server/explain-error.js';
import { note, type Terminal } from './terminal/terminal.js';

/** Runs one command line and prints its errors. Resolves with the exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.succeeded;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has already printed the mistake, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.succeeded : exitCodes.couldNot;
    note(terminal, `chainr: ${explainError(error)}`);
    return exitCodes.couldNot;
  }
}
