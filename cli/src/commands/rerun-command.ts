import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import { RequestError } from '@chainr/core/api/client/request-error';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot, type Exit } from '../exit-codes.js';
import { runArgument } from '../server/find-run.js';
import { listAllJobs } from '../server/list-all-jobs.js';
import { addManyRuns, type ManyRunsOptions } from '../server/many-runs.js';
import { actOnOneOrMany, type OneOrMany } from '../server/one-or-many.js';
import { outputOption } from '../options/output-option.js';
import { presentNewRun } from '../views/present-new-run.js';
import { listNames } from '../server/suggest-job.js';
import type { Terminal } from '../terminal/terminal.js';
import { watchOption } from '../options/watch-option.js';

interface RerunOptions extends ServerOptions, ManyRunsOptions {
  all?: true;
  watch?: true;
}

export function rerunCommand(terminal: Terminal, exit: Exit): Command {
  const command = new Command('rerun')
    .description(
      'make a new run from a run: failed and canceled jobs run again, the results of successful jobs are reused',
    )
    .addArgument(runArgument('[run]'))
    .argument('[job...]', 'run these jobs and all jobs that wait for them again, instead of the failed ones')
    .option('--all', 'run every job again')
    .addOption(watchOption('the new run'));
  return addManyRuns(command)
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'chainr rerun latest',
        'chainr rerun latest deploy --watch',
        'chainr rerun latest --all',
        'chainr rerun --status FAILED --since 24h --dry-run',
      ),
    )
    .action((written: string | undefined, jobs: string[], { all }: RerunOptions, self: Command) => {
      if (all && jobs.length > 0) throw new CouldNot('name jobs or use --all, not both.');
      return actOnOneOrMany(written, self, rerunning(jobs, terminal, exit), terminal);
    });
}

function rerunning(jobs: readonly string[], terminal: Terminal, exit: Exit): OneOrMany<RerunOptions> {
  return {
    many: (client, { all, watch }) => {
      if (watch) throw new CouldNot('only one run can be watched.');
      return {
        verb: 'rerun',
        done: 'made new runs of',
        act: (query) => client.rerunRuns(query, all ? 'all' : 'failed'),
      };
    },
    one: async (client, uid, { all, watch, output }) => {
      const cursor = watch ? await client.lastCursor() : undefined;
      const from = all ? 'all' : jobs.length > 0 ? [...jobs] : 'failed';
      const run = await sayWhichJobs(client, uid, () => client.rerunRun(uid, from));
      await presentNewRun(client, run, { cursor, output }, terminal, exit);
    },
  };
}

/** @throws CouldNot with the names that the run does not have and those that it has; with the option for what the API calls "all" */
async function sayWhichJobs(client: Client, uid: string, rerun: () => Promise<Run>): Promise<Run> {
  try {
    return await rerun();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 409)
      throw new CouldNot(error.message.replace(/\brun all\b/, 'run all with --all'), { cause: error });
    if (error.status !== 400 || error.details.length === 0) throw error;
    const names = (await listAllJobs(client, await client.getRun(uid))).map(({ name }) => name);
    const unknown = error.details.map(({ message }) => (message.endsWith('?') ? message : `${message}.`));
    const jobs = unknown.every((sentence) => sentence.endsWith('?')) ? [] : [`It has ${listNames(names)}.`];
    throw new CouldNot([...unknown, ...jobs].join('\n  '), { cause: error });
  }
}
