import { Command } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { CouldNot, type Exit } from '../exit-codes.js';
import { findRunUid, runArgument } from '../server/find-run.js';
import { getRunsCommand, listRuns, printRuns, readLimit, runsListed } from './get-runs-command.js';
import { getWorkersCommand } from './get-workers-command.js';
import { listAllJobs } from '../server/list-all-jobs.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { showJob, showRun } from '../views/show-run.js';
import { askForJob } from '../server/suggest-job.js';
import { print, type Terminal } from '../terminal/terminal.js';
import { watchInTerminal } from '../watch/watch-in-terminal.js';
import { refuseWatch, watchOption } from '../options/watch-option.js';

interface GetOptions extends ServerOptions {
  watch?: true;
  limit: number;
  output: OutputFormat;
}

export function getCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('get')
    .addCommand(getRunsCommand(terminal))
    .addCommand(getWorkersCommand(terminal))
    .description('show the newest runs, a run, a job of a run, or the workers')
    .addArgument(runArgument('[run]'))
    .argument('[job]', 'the name of a job of the run')
    .addOption(watchOption())
    .option('--limit <count>', 'how many of the newest runs to list', readLimit, runsListed)
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('chainr get', 'chainr get latest --watch', 'chainr get latest build', 'chainr get runs --help'),
    )
    .action(async (written: string | undefined, job: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>();
      const client = connect(options, terminal);
      if (options.watch) {
        if (written === undefined || job !== undefined) return refuseWatch(options);
        const cursor = await client.lastCursor();
        const run = await client.getRun(await findNamed(client, written));
        exit(await watchInTerminal(client, run, cursor, options.output, terminal));
        return;
      }
      if (written === undefined) {
        printRuns(await listRuns(client, {}, options.limit), false, options.output, terminal);
        return;
      }
      if (command.getOptionValueSource('limit') === 'cli')
        throw new CouldNot('--limit applies to the list of runs, but you named a run.');
      const uid = await findNamed(client, written);
      const shown = await (job === undefined ? getRun(client, uid, terminal) : getJob(client, uid, job, terminal));
      if (options.output === 'json') print(terminal, JSON.stringify(shown.resource, null, 2));
      else for (const line of shown.lines) print(terminal, line);
    });
}

/** A misspelled `runs` or `workers` looks like the uid of a run. @throws CouldNot */
const findNamed = (client: Client, written: string): Promise<string> =>
  findRunUid(client, written, { others: ['runs', 'workers'] });

interface Shown {
  resource: object;
  lines: readonly string[];
}

async function getJob(client: Client, uid: string, name: string, terminal: Terminal): Promise<Shown> {
  const job = await askForJob(client, uid, name, () => client.getJob(uid, name));
  return { resource: job, lines: showJob(job, terminal) };
}

async function getRun(client: Client, uid: string, terminal: Terminal): Promise<Shown> {
  const run = await client.getRun(uid);
  const jobs = await listAllJobs(client, run);
  return { resource: { ...run, jobs, jobsTruncated: false }, lines: showRun(run, jobs, terminal) };
}
