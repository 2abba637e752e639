import type { Client } from '@chainr/core/api/client/client';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { isFinalRun } from '@chainr/core/engine/states';
import { commandLine } from '../terminal/command-line.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { OutputFormat } from '../options/output-option.js';
import { note, type Terminal } from '../terminal/terminal.js';
import { liveTree } from './live-tree.js';
import { jsonView, textView, type RunView } from './run-views.js';
import { watchRun } from './watch-run.js';

/**
 * Shows a run until it ends. Its end decides the exit code. Ctrl-C detaches with exit code 2, because the end of the run
 * is not known yet.
 */
export async function watchInTerminal(
  client: Client,
  run: Run,
  cursor: string,
  output: OutputFormat,
  terminal: Terminal,
): Promise<ExitCode> {
  const signal = terminal.onInterrupt();
  const { uid } = run.metadata;
  const view = await chooseView(client, run, output, terminal);
  try {
    view.onBegin(run);
    const ended = isFinalRun(run.status) ? run : await watchRun(client, uid, cursor, view, signal);
    view.onEnd(ended);
    return ended.status === 'SUCCESSFUL' ? exitCodes.succeeded : exitCodes.failed;
  } catch (error) {
    if (!signal.aborted) throw error;
    note(
      terminal,
      `\nDetached; the run continues. Watch it again with: ${commandLine(terminal, `get ${uid} --watch`)}`,
    );
    return exitCodes.couldNot;
  } finally {
    view.close?.();
  }
}

/** A tree on a terminal, otherwise one line for each change. */
function chooseView(client: Client, run: Run, output: OutputFormat, terminal: Terminal): RunView | Promise<RunView> {
  if (output === 'json') return jsonView(terminal);
  return terminal.screen ? liveTree(client, run, terminal, terminal.screen) : textView(terminal);
}
