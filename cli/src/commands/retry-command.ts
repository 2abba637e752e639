import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { Job } from '@chainr/core/api/contract/job-resource';
import { RequestError } from '@chainr/core/api/client/request-error';
import { commandLine } from '../terminal/command-line.js';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot, type Exit } from '../exit-codes.js';
import { findRunUid, runArgument } from '../server/find-run.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { askForJob } from '../server/suggest-job.js';
import { print, type Terminal } from '../terminal/terminal.js';
import { watchInTerminal } from '../watch/watch-in-terminal.js';
import { watchOption } from '../options/watch-option.js';

interface RetryOptions extends ServerOptions {
  watch?: true;
  output: OutputFormat;
}

export function retryCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('retry')
    .description('start a FAILED job again, in a run that has not ended')
    .addArgument(runArgument())
    .argument('<job>', 'the name of a job of the run')
    .addOption(watchOption())
    .addOption(outputOption())
    .addHelpText('after', examples('chainr retry latest build', 'chainr retry latest build --watch'))
    .addHelpText('after', '\nA run that has ended never changes; use chainr rerun to make a new run from it.')
    .action(async (written: string, name: string, _options: unknown, command: Command) => {
      const { watch, output, ...server } = command.optsWithGlobals<RetryOptions>();
      const client = connect(server, terminal);
      const uid = await findRunUid(client, written);
      const cursor = watch ? await client.lastCursor() : undefined;
      const job = await askForJob(client, uid, name, () => retry(client, uid, name, terminal));
      if (cursor !== undefined) {
        exit(await watchInTerminal(client, await client.getRun(uid), cursor, output, terminal));
      } else if (output === 'json') {
        print(terminal, JSON.stringify(job, null, 2));
      } else {
        print(terminal, `Job ${name} starts again. Watch it with: ${commandLine(terminal, `get ${uid} --watch`)}`);
      }
    });
}

/** @throws CouldNot that names the command which reruns the job, if it cannot be retried */
async function retry(client: Client, uid: string, name: string, terminal: Terminal): Promise<Job> {
  try {
    return await client.retryJob(uid, name);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (!error.isRefusal('ended', 'dependents-begun', 'too-many-dependents')) throw error;
    throw new CouldNot(`${error.message}\n  ${commandLine(terminal, `rerun ${uid} ${name}`)}`, { cause: error });
  }
}
