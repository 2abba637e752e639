import { Command } from 'commander';
import { checkPipeline } from '@chainr/core/model/check-pipeline';
import type { Mistake } from '@chainr/core/model/mistakes';
import { parsePipelineText } from '@chainr/core/model/parse-pipeline';
import type { Pipeline } from '@chainr/core/model/pipeline';
import { PipelineSyntaxError } from '@chainr/core/model/syntax-error';
import type { PipelineText } from '@chainr/core/api/client';
import { examples } from './examples.js';
import { exitCodes, type Exit } from './exit-codes.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { printMistakes } from './print-mistakes.js';
import { readPipelineFile } from './read-pipeline-file.js';
import { print, type Terminal } from './terminal.js';

/** Needs no server: the model says what is wrong, as the server would. */
export function validateCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('validate')
    .description('check a pipeline without a server')
    .argument('<file>', 'a JSON or YAML file; - reads standard input')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr validate examples/readme.json'))
    .action(async (file: string, options: { output: OutputFormat }) => {
      const checked = check(await readPipelineFile(file, terminal));
      const valid = 'pipeline' in checked;
      if (!valid) exit(exitCodes.failed);
      if (options.output === 'json') {
        const result = valid ? { valid, jobs: checked.pipeline.jobs.length } : { valid, mistakes: checked.mistakes };
        print(terminal, JSON.stringify({ kind: 'PipelineCheck', ...result }, null, 2));
      } else if (valid) {
        const { length } = checked.pipeline.jobs;
        print(
          terminal,
          `${file === '-' ? 'The pipeline' : file} is valid: ${String(length)} ${length === 1 ? 'job' : 'jobs'}.`,
        );
      } else {
        printMistakes(file, checked.mistakes, terminal);
      }
    });
}

function check({ text, contentType }: PipelineText): { pipeline: Pipeline } | { mistakes: Mistake[] } {
  try {
    return checkPipeline(parsePipelineText(text.replace(/^\uFEFF/, ''), contentType));
  } catch (error) {
    if (!(error instanceof PipelineSyntaxError)) throw error;
    return { mistakes: [{ path: '', message: error.message }] };
  }
}
