import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import { RequestError } from '@chainr/core/api/client/request-error';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { RerunFrom } from '@chainr/core/engine/rerun';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import { quote } from '@chainr/core/pipeline/mistakes';
import { commandLine } from '../terminal/command-line.js';
import type { ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot, type Exit } from '../exit-codes.js';
import { runArgument } from '../server/find-run.js';
import { addManyRuns, type ManyRunsOptions } from '../server/many-runs.js';
import { actOnOneOrMany, type OneOrMany } from '../server/one-or-many.js';
import { outputOption } from '../options/output-option.js';
import { presentNewRun } from '../views/present-new-run.js';
import { listNames, namesOfJobs } from '../server/suggest-job.js';
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
      const run = await rerunOne(client, uid, from, terminal);
      await presentNewRun(client, run, { cursor, output }, terminal, exit);
    },
  };
}

/** @throws CouldNot that names the jobs which the run does not have, or the command that reruns all jobs */
async function rerunOne(client: Client, uid: string, from: RerunFrom, terminal: Terminal): Promise<Run> {
  try {
    return await client.rerunRun(uid, from);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.isRefusal('nothing-failed', 'not-reusable'))
      throw new CouldNot(`${error.message}\n  ${commandLine(terminal, `rerun ${uid} --all`)}`, { cause: error });
    if (!error.isRefusal('unknown-jobs') || typeof from === 'string') throw error;
    throw new CouldNot(sayUnknown(from, await namesOfJobs(client, uid)), { cause: error });
  }
}

/** Every unknown name; the names of the run too, unless each unknown one has a suggestion. */
function sayUnknown(named: readonly string[], known: readonly string[]): string {
  const unknown = named.filter((name) => !known.includes(name));
  const suggestions = unknown.map((name) => suggestion(name, known));
  const lines = unknown.map((name, at) => `The run has no job ${quote(name)}${suggestions[at] || '.'}`);
  const all = suggestions.includes('') ? [`It has ${listNames(known)}.`] : [];
  return [...lines, ...all].join('\n  ');
}
