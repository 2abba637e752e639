import { Command } from 'commander';
import type { Run } from '@chainr/core/api/run-resource';
import { isFinalRun } from '@chainr/core/model/states';
import { connect, type ServerOptions } from './connect.js';
import { examples } from './examples.js';
import { findRunUid, runArgument } from './find-run.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { print, type Terminal } from './terminal.js';

interface CancelOptions extends ServerOptions {
  output: OutputFormat;
}

export function cancelCommand(terminal: Terminal): Command {
  return new Command('cancel')
    .description('end a run: what runs is stopped, what waits never starts')
    .addArgument(runArgument())
    .addOption(outputOption())
    .addHelpText('after', examples('chainr cancel latest'))
    .action(async (written: string, _options: unknown, command: Command) => {
      const { output, ...server } = command.optsWithGlobals<CancelOptions>();
      const client = connect(server, terminal);
      const run = await client.cancelRun(await findRunUid(client, written));
      print(terminal, output === 'json' ? JSON.stringify(run, null, 2) : sentenceOf(run));
    });
}

function sentenceOf({ status, jobCounts, metadata: { uid, cancelRequestedAt } }: Run): string {
  if (isFinalRun(status)) {
    const changed = status === 'CANCELED' && cancelRequestedAt !== undefined;
    return changed ? `Run ${uid} is CANCELED.` : `Run ${uid} is ${status} already; nothing changes.`;
  }
  const count = jobCounts.RUNNING;
  const stopping = `${String(count)} running ${count === 1 ? 'job is' : 'jobs are'} being stopped`;
  return `Run ${uid} is being canceled; ${stopping}. Watch it with: chainr get ${uid} --watch`;
}
