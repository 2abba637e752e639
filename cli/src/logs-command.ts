import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import type { Client } from '@chainr/core/api/client';
import { connect, type ServerOptions } from './connect.js';
import { CouldNot } from './exit-codes.js';
import { outputOption, type OutputFormat } from './output-option.js';
import type { Terminal } from './terminal.js';

interface LogsOptions extends ServerOptions {
  follow?: true;
  attempt?: number;
  step?: string;
  output: OutputFormat;
}

export function logsCommand(terminal: Terminal): Command {
  return new Command('logs')
    .description('print the log of a job')
    .argument('<run>', 'the uid of a run')
    .argument('[job]', 'the name of a job; may be left out where the run has only one')
    .option('-f, --follow', 'go on until the log has ended; waits for a job that has not started')
    .option('--attempt <number>', 'which attempt; the last one if left out', readAttempt)
    .option('--step <name>', 'only the lines of this step')
    .addOption(outputOption())
    .action(async (uid: string, job: string | undefined, _options: unknown, command: Command) => {
      const { follow, attempt, step, output, ...server } = command.optsWithGlobals<LogsOptions>();
      const client = connect(server, terminal);
      const name = job ?? (await onlyJob(client, uid));
      const query = {
        ...(follow ? { follow } : {}),
        ...(attempt === undefined ? {} : { attempt }),
        ...(step === undefined ? {} : { step }),
      };
      for await (const line of client.readLogLines(uid, name, query)) {
        const text =
          output === 'json' ? `${JSON.stringify(line)}\n` : `${line.text}${line.newline === false ? '' : '\n'}`;
        if (!terminal.stdout.write(text)) await once(terminal.stdout, 'drain');
      }
    });
}

async function onlyJob(client: Client, uid: string): Promise<string> {
  const { jobs } = await client.getRun(uid);
  const [first, ...others] = jobs;
  if (first && others.length === 0) return first.name;
  const names = jobs.slice(0, 10).map(({ name }) => name);
  throw new CouldNot(
    `the run has several jobs; name one of ${names.join(', ')}${jobs.length > names.length ? ', …' : ''}.`,
  );
}

function readAttempt(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
