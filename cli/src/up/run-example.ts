import type { Client } from '@chainr/core/api/client';
import { isFinalRun } from '@chainr/core/model/states';
import { readPipelineFile } from '../read-pipeline-file.js';
import { textView } from '../run-views.js';
import { print, type Terminal } from '../terminal.js';
import { watchRun } from '../watch-run.js';

/** Sends a pipeline as any user would, shows it until it ends, and says where all of it can be read. */
export async function runExample(
  client: Client,
  file: string,
  url: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  print(terminal, `\nSending ${file}:`);
  try {
    const pipeline = await readPipelineFile(file, terminal);
    const cursor = await client.lastCursor();
    const run = await client.createRun(pipeline, { signal });
    const view = textView(terminal);
    view.onBegin(run);
    view.onEnd(isFinalRun(run.status) ? run : await watchRun(client, run.metadata.uid, cursor, view, signal));
    const { selfLink } = run.metadata;
    const job = run.jobs[0]?.name ?? '';
    print(terminal, `\n  curl ${url}${selfLink}`);
    print(terminal, `  curl ${url}${selfLink}/jobs/${job}`);
    print(terminal, `  curl ${url}${selfLink}/jobs/${job}/logs`);
    print(terminal, `  curl ${url}/api/events\n`);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
