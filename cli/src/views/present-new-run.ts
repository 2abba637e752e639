import type { Client } from '@chainr/core/api/client/client';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { commandLine } from '../terminal/command-line.js';
import type { Exit } from '../exit-codes.js';
import type { OutputFormat } from '../options/output-option.js';
import { note, print, type Terminal } from '../terminal/terminal.js';
import { watchInTerminal } from '../watch/watch-in-terminal.js';

interface Presentation {
  /** Show events from here on; undefined: do not watch. */
  cursor: string | undefined;
  output: OutputFormat;
}

/** Watches a new run until it ends, or prints its uid, which is all of standard output, for scripts. */
export async function presentNewRun(
  client: Client,
  run: Run,
  { cursor, output }: Presentation,
  terminal: Terminal,
  exit: Exit,
): Promise<void> {
  if (cursor !== undefined) {
    await sayIfNothingStarts(client, terminal);
    exit(await watchInTerminal(client, run, cursor, output, terminal));
  } else if (output === 'json') {
    print(terminal, JSON.stringify(run, null, 2));
  } else {
    print(terminal, run.metadata.uid);
    note(terminal, `The run is stored. Watch it with: ${commandLine(terminal, `get ${run.metadata.uid} --watch`)}`);
    await sayIfNothingStarts(client, terminal);
  }
}

/** Warns if the run cannot start now. */
async function sayIfNothingStarts(client: Client, terminal: Terminal): Promise<void> {
  const { paused, items } = await client.listWorkers();
  if (paused)
    note(terminal, `The run will not start yet: chainr is paused. Resume it with: ${commandLine(terminal, 'resume')}`);
  else if (items.length > 0 && items.every(({ draining }) => draining))
    note(terminal, `The run will not start yet: every worker is draining (${commandLine(terminal, 'get workers')}).`);
}
