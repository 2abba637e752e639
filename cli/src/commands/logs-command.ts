import { Command, InvalidArgumentError } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { Job } from '@chainr/core/api/contract/job-resource';
import { logText } from '@chainr/core/api/client/log-text';
import { isFinalJob } from '@chainr/core/engine/states';
import { BatchedOutput } from '../terminal/batched-output.js';
import { commandLine } from '../terminal/command-line.js';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot } from '../exit-codes.js';
import { findRunUid, runArgument } from '../server/find-run.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { readWholeLog } from '../server/read-whole-log.js';
import { askForJob, listNames } from '../server/suggest-job.js';
import { printable } from '../views/paint.js';
import { note, type Terminal } from '../terminal/terminal.js';

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
    .argument('[job]', 'the name of a job; optional if the run has only one job')
    .option(
      '-f, --follow',
      'follow the log until it ends or Ctrl-C; waits for a job that has not started. Ctrl-C does not stop the job',
    )
    .option('--attempt <number>', 'number of the attempt (default: the last one)', readAttempt)
    .option('--step <name>', 'show only the lines of this step or service')
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
      let isOpen = false;
      const stdout = new BatchedOutput(terminal.stdout);
      const asText = logText();
      const running = await askForJob(client, uid, name, async () => {
        const log = readWholeLog(client, { uid, name }, query);
        try {
          for (let next = await log.next(); ; next = await log.next()) {
            if (next.done) return next.value;
            lines += 1;
            isOpen = output === 'text' && next.value.newline === false;
            await stdout.add(output === 'json' ? `${JSON.stringify(next.value)}\n` : asText(next.value));
          }
        } finally {
          await log.return(undefined);
          await stdout.flush();
        }
      });
      const printed = { lines, isOpen, step, attempt };
      if (running) sayThatItGoesOn(running, printed, terminal);
      else if (lines === 0 || follow) sayWhatIsMissing(await client.getJob(uid, name), printed, terminal);
    });
}

/** What was printed of a log; `step` and `attempt` as in the command line. */
interface Printed {
  lines: number;
  /** The last line has no newline, so a message must begin with one. */
  isOpen: boolean;
  step: string | undefined;
  attempt: number | undefined;
}

/** Says that a running job may write more, or that a waiting job has no log yet, and how to follow it. */
function sayThatItGoesOn(job: Job, { lines, isOpen, step }: Printed, terminal: Terminal): void {
  const { attempts, metadata } = job;
  const ofStep = step === undefined ? '' : ` --step ${step}`;
  const goOn = commandLine(terminal, `logs ${metadata.run} ${metadata.name}${ofStep} --follow`);
  if (attempts.length === 0) note(terminal, `The job ${metadata.name} has not started yet ${standingOf(job)}`);
  else if (lines === 0)
    note(terminal, `${writerOf(job, step)} has written nothing yet ${standingOf(job)} To wait for it: ${goOn}`);
  else
    note(
      terminal,
      `${isOpen ? '\n' : ''}The job ${metadata.name} still runs ${standingOf(job)} To go on with its log: ${goOn}`,
    );
}

/** Says why a log is empty, unless the job just wrote nothing, and whether another attempt follows. */
function sayWhatIsMissing(job: Job, { lines, isOpen, step, attempt }: Printed, terminal: Terminal): void {
  const { status, attempts } = job;
  const { name, run } = job.metadata;
  const read = attempts.find((each) => each.attempt === attempt) ?? job;
  if (attempts.length > 0 && !isFinalJob(status) && lines > 0)
    note(
      terminal,
      `${isOpen ? '\n' : ''}The job goes on ${standingOf(job)} Its next attempt: ${commandLine(terminal, `logs ${run} ${name} --follow`)}`,
    );
  else if (attempts.length === 0 && !job.reusedFrom) note(terminal, `The job ${name} never ran ${standingOf(job)}`);
  else if (lines === 0 && (step !== undefined || read.status === 'FAILED'))
    note(terminal, `${writerOf(job, step)} wrote nothing ${standingOf(read)}`);
}

const standingOf = ({ status, reason, message }: Pick<Job, 'status' | 'reason' | 'message'>): string =>
  `(${status}, ${reason}): ${printable(message)}`;

const writerOf = ({ metadata: { name } }: Job, step: string | undefined): string =>
  step === undefined ? `The job ${name}` : `The step ${step} of the job ${name}`;

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
