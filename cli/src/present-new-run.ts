import type { Client } from '@chainr/core/api/client';
import type { Run } from '@chainr/core/api/run-resource';
import type { Exit } from './exit-codes.js';
import type { OutputFormat } from './output-option.js';
import { note, print, type Terminal } from './terminal.js';
import { watchInTerminal } from './watch-in-terminal.js';

interface Presentation {
  /** From where its events are to be shown; undefined where it is not watched. */
  cursor: string | undefined;
  output: OutputFormat;
}

/** Shows a run that was just made until it ends, or prints its uid, alone on standard output for scripts. */
export async function presentNewRun(
  client: Client,
  run: Run,
  { cursor, output }: Presentation,
  terminal: Terminal,
  exit: Exit,
): Promise<void> {
  if (cursor !== undefined) {
    exit(await watchInTerminal(client, run, cursor, output, terminal));
  } else if (output === 'json') {
    print(terminal, JSON.stringify(run, null, 2));
  } else {
    print(terminal, run.metadata.uid);
    note(terminal, `The run is stored. Watch it with: chainr get ${run.metadata.uid} --watch`);
  }
}
