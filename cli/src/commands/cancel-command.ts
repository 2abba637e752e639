import { Command } from 'commander';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { isFinalRun } from '@chainr/core/engine/states';
import { commandLine } from '../terminal/command-line.js';
import { examples } from '../options/examples.js';
import { runArgument } from '../server/find-run.js';
import { addManyRuns } from '../server/many-runs.js';
import { actOnOneOrMany, type OneOrMany } from '../server/one-or-many.js';
import { outputOption } from '../options/output-option.js';
import { print, type Terminal } from '../terminal/terminal.js';

export function cancelCommand(terminal: Terminal): Command {
  const command = new Command('cancel')
    .description('cancel a run, or all runs that match a filter: running jobs are stopped, waiting jobs never start')
    .addArgument(runArgument('[run]'));
  return addManyRuns(command)
    .addOption(outputOption())
    .addHelpText('after', examples('chainr cancel latest', "chainr cancel --status PENDING --name 'load-*' --dry-run"))
    .action((written: string | undefined, _options: unknown, self: Command) =>
      actOnOneOrMany(written, self, cancelation(terminal), terminal),
    );
}

function cancelation(terminal: Terminal): OneOrMany {
  return {
    many: (client) => ({ verb: 'cancel', done: 'canceled', act: (query) => client.cancelRuns(query) }),
    one: async (client, uid, { output }) => {
      const run = await client.cancelRun(uid);
      print(terminal, output === 'json' ? JSON.stringify(run, null, 2) : sentenceOf(run, terminal));
    },
  };
}

function sentenceOf({ status, jobCounts, metadata: { uid, cancelRequestedAt } }: Run, terminal: Terminal): string {
  if (isFinalRun(status)) {
    const changed = status === 'CANCELED' && cancelRequestedAt !== undefined;
    return changed ? `Run ${uid} is CANCELED.` : `Run ${uid} is ${status} already; nothing changes.`;
  }
  const count = jobCounts.RUNNING;
  const stopping = `${String(count)} running ${count === 1 ? 'job is' : 'jobs are'} being stopped`;
  return `Run ${uid} is being canceled; ${stopping}. Watch it with: ${commandLine(terminal, `get ${uid} --watch`)}`;
}
