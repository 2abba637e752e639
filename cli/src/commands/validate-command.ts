import { Command } from 'commander';
import { findWarnings } from '@chainr/core/pipeline/checks/find-warnings';
import { checkPipelineText } from '../pipeline-file/check-pipeline-text.js';
import { examples } from '../options/examples.js';
import { exitCodes, type Exit } from '../exit-codes.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { printMistakes, printWarnings } from '../views/print-mistakes.js';
import { readPipelineFile } from '../pipeline-file/read-pipeline-file.js';
import { print, type Terminal } from '../terminal/terminal.js';

/** Needs no server: the checks are the same. */
export function validateCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('validate')
    .description('check a pipeline without a server')
    .argument('<file>', 'a JSON or YAML file, or - for standard input')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr validate examples/readme.json'))
    .action(async (file: string, options: { output: OutputFormat }) => {
      const checked = checkPipelineText(await readPipelineFile(file, terminal));
      if ('mistakes' in checked) {
        exit(exitCodes.failed);
        printMistakes(file, checked.mistakes, options.output, terminal);
        return;
      }
      const { length } = checked.pipeline.jobs;
      const warnings = findWarnings(checked.pipeline);
      if (options.output === 'json') {
        print(terminal, JSON.stringify({ kind: 'PipelineCheck', valid: true, jobs: length, warnings }, null, 2));
        return;
      }
      const name = file === '-' ? 'The pipeline' : file;
      print(terminal, `${name} is valid: ${String(length)} ${length === 1 ? 'job' : 'jobs'}.`);
      printWarnings(file, warnings, terminal);
    });
}
