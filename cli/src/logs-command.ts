import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import type { Client } from '@chainr/core/api/client';
import type { Job } from '@chainr/core/api/job-resource';
import { logText } from '@chainr/core/model/log-text';
import { isFinalJob } from '@chainr/core/model/states';
import { commandLine } from './command-line.js';
import { connect, type ServerOptions } from './connect.js';
import { examples } from './examples.js';
import { CouldNot } from './exit-codes.js';
import { findRunUid, runArgument } from './find-run.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { askForJob, listNames } from './suggest-job.js';
import { printable } from './paint.js';
import { note, type Terminal } from './terminal.js';

interface LogsOptions extends ServerOptions {
  follow?: true;
  attempt?: number;
  step?: string;
  output: OutputFormat;
}

export function logsCommand(terminal: Terminal): Command {
  return new Command('logs')
    .description('print the log of a job')
    .addArgument(runArgument())
    .argument('[job]', 'the name of a job; may be left out where the run has only one')
    .option(
      '-f, --follow',
      'go on until the log has ended, or Ctrl-C; waits for a job that has not started; the job goes on either way',
    )
    .option('--attempt <number>', 'which attempt; the last one if left out', readAttempt)
    .option('--step <name>', 'only the lines of this step')
    .addOption(outputOption())
    .addHelpText('after', examples('chainr logs latest', 'chainr logs latest build --follow'))
    .action(async (written: string, job: string | undefined, _options: unknown, command: Command) => {
      const { follow, attempt, step, output, ...server } = command.optsWithGlobals<LogsOptions>();
      const client = connect(server, terminal);
      const uid = await findRunUid(client, written);
      const name = job ?? (await onlyJob(client, uid));
      const query = {
        ...(follow ? { follow } : {}),
        ...(attempt === undefined ? {} : { attempt }),
        ...(step === undefined ? {} : { step }),
      };
      let lines = 0;
      const asText = logText();
      await askForJob(client, uid, name, async () => {
        for await (const line of client.readLogLines(uid, name, query)) {
          lines += 1;
          const text = output === 'json' ? `${JSON.stringify(line)}\n` : asText(line);
          if (!terminal.stdout.write(text)) await once(terminal.stdout, 'drain');
        }
      });
      if (lines > 0 && !follow) return;
      sayWhatIsMissing(await client.getJob(uid, name), { lines, step }, terminal);
    });
}

/** An empty log may be that of a job which wrote nothing. Where it is not, or where another attempt follows, that is said. */
function sayWhatIsMissing(
  job: Job,
  { lines, step }: { lines: number; step: string | undefined },
  terminal: Terminal,
): void {
  const { status, reason, message, attempts } = job;
  const { name, run } = job.metadata;
  const standing = `(${status}, ${reason}): ${printable(message)}`;
  if (attempts.length > 0 && !isFinalJob(status) && lines > 0)
    note(
      terminal,
      `The job goes on ${standing} Its next attempt: ${commandLine(terminal, `logs ${run} ${name} --follow`)}`,
    );
  else if (attempts.length === 0 && !job.reusedFrom)
    note(terminal, `The job ${name} ${isFinalJob(status) ? 'never ran' : 'has not started yet'} ${standing}`);
  else if (lines === 0 && step !== undefined)
    note(terminal, `The step ${step} of the job ${name} wrote nothing ${standing}`); // prettier-ignore
  else if (status === 'FAILED' && lines === 0) note(terminal, `The job ${name} wrote nothing ${standing}`);
}

async function onlyJob(client: Client, uid: string): Promise<string> {
  const { jobs } = await client.getRun(uid);
  const [first, ...others] = jobs;
  if (first && others.length === 0) return first.name;
  throw new CouldNot(`the run has several jobs; name one of ${listNames(jobs.map(({ name }) => name))}.`);
}

function readAttempt(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
