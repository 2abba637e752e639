import { Command } from 'commander';
import type { Client, PipelineText } from '@chainr/core/api/client/client';
import { RequestError } from '@chainr/core/api/client/request-error';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { externalIdOption } from '../options/external-id-option.js';
import { exitCodes, type Exit } from '../exit-codes.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { presentNewRun } from '../views/present-new-run.js';
import { printMistakes } from '../views/print-mistakes.js';
import { readPipelineFile } from '../pipeline-file/read-pipeline-file.js';
import type { Terminal } from '../terminal/terminal.js';
import { watchOption } from '../options/watch-option.js';

interface RunOptions extends ServerOptions {
  watch?: true;
  externalId?: string;
  output: OutputFormat;
}

export function runCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('run')
    .description('run a pipeline')
    .argument('<file>', 'a JSON or YAML file, or - for standard input')
    .addOption(externalIdOption('an id of yours for the run; if a run has it already, that run is shown'))
    .addOption(watchOption())
    .addOption(outputOption())
    .addHelpText('after', examples('chainr run examples/readme.json --watch', 'cat pipeline.yaml | chainr run -'))
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      const client = connect(options, terminal);
      const pipeline = await readPipelineFile(file, terminal);
      // Read before the run exists, so that no event of it is missed.
      const cursor = options.watch ? await client.lastCursor() : undefined;
      const run = await createRun(client, pipeline, { ...options, file }, terminal);
      if (!run) {
        exit(exitCodes.failed);
      } else {
        await presentNewRun(client, run, { cursor, output: options.output }, terminal, exit);
      }
    });
}

/** @returns undefined if the pipeline is invalid; then its mistakes are printed */
async function createRun(
  client: Client,
  pipeline: PipelineText,
  { file, output, externalId }: RunOptions & { file: string },
  terminal: Terminal,
): Promise<Run | undefined> {
  try {
    return await client.createRun(pipeline, externalId === undefined ? {} : { externalId });
  } catch (error) {
    if (!(error instanceof RequestError) || !error.isRefusal('invalid-pipeline')) throw error;
    printMistakes(file, error.details, output, terminal);
    return undefined;
  }
}
