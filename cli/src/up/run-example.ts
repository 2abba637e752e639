import type { Client, PipelineText } from '@chainr/core/api/client/client';
import { isFinalRun } from '@chainr/core/engine/states';
import { checkPipelineText } from '../pipeline-file/check-pipeline-text.js';
import { printMistakes } from '../views/print-mistakes.js';
import { readPipelineFile } from '../pipeline-file/read-pipeline-file.js';
import { textView } from '../watch/run-views.js';
import { print, type Terminal } from '../terminal/terminal.js';
import { watchRun } from '../watch/watch-run.js';

/** A valid pipeline and its file. */
export interface Example {
  file: string;
  pipeline: PipelineText;
}

/** Reads and checks a pipeline, and prints its mistakes. @throws CouldNot if it cannot be read */
export async function readExample(file: string, terminal: Terminal): Promise<Example | 'mistaken'> {
  const pipeline = await readPipelineFile(file, terminal);
  const checked = checkPipelineText(pipeline);
  if ('pipeline' in checked) return { file, pipeline };
  printMistakes(file, checked.mistakes, 'text', terminal);
  return 'mistaken';
}

/** Runs a pipeline through the API, shows it until it ends, and prints where to read more. */
export async function runExample(
  client: Client,
  { file, pipeline }: Example,
  url: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  print(terminal, `\nSending ${file}:`);
  try {
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
