import { Command, InvalidArgumentError } from 'commander';
import type { Client } from '@chainr/core/api/client';
import { connect, type ServerOptions } from './connect.js';
import { examples } from './examples.js';
import { CouldNot, type Exit } from './exit-codes.js';
import { findRunUid, runArgument } from './find-run.js';
import { getWorkersCommand } from './get-workers-command.js';
import { listAllJobs } from './list-all-jobs.js';
import { outputOption, type OutputFormat } from './output-option.js';
import { showJob, showRun, showRuns } from './show-run.js';
import { askForJob } from './suggest-job.js';
import { note, print, type Terminal } from './terminal.js';
import { watchInTerminal } from './watch-in-terminal.js';

interface GetOptions extends ServerOptions {
  watch?: true;
  limit: number;
  output: OutputFormat;
}

export function getCommand(terminal: Terminal, exit: Exit): Command {
  return new Command('get')
    .addCommand(getWorkersCommand(terminal))
    .description('show the newest runs, a run, a job of a run, or the workers')
    .addArgument(runArgument('[run]'))
    .argument('[job]', 'the name of a job of the run')
    .option('-w, --watch', 'show each change of the run until it ends; Ctrl-C detaches (exit code 2)')
    .option('--limit <count>', 'how many runs are listed, 1 to 100', readLimit, 20)
    .addOption(outputOption())
    .addHelpText('after', examples('chainr get', 'chainr get latest --watch', 'chainr get latest build'))
    .action(async (written: string | undefined, job: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>();
      const client = connect(options, terminal);
      if (options.watch) {
        if (written === undefined || job !== undefined)
          throw new CouldNot('only a run can be watched: chainr get RUN --watch.');
        const cursor = await client.lastCursor();
        const run = await client.getRun(await findRunUid(client, written));
        exit(await watchInTerminal(client, run, cursor, options.output, terminal));
        return;
      }
      const shown = await getShown(client, { written, job, limit: options.limit }, terminal);
      if (options.output === 'json') print(terminal, JSON.stringify(shown.resource, null, 2));
      else for (const line of shown.lines) print(terminal, line);
    });
}

interface Shown {
  resource: object;
  lines: readonly string[];
}

interface Wanted {
  written: string | undefined;
  job: string | undefined;
  limit: number;
}

async function getShown(client: Client, { written, job, limit }: Wanted, terminal: Terminal): Promise<Shown> {
  if (written === undefined) return getRuns(client, limit, terminal);
  const uid = await findRunUid(client, written);
  return job === undefined ? getRun(client, uid, terminal) : getJob(client, uid, job, terminal);
}

async function getJob(client: Client, uid: string, name: string, { colors }: Terminal): Promise<Shown> {
  const job = await askForJob(client, uid, name, () => client.getJob(uid, name));
  return { resource: job, lines: showJob(job, colors) };
}

async function getRun(client: Client, uid: string, { colors }: Terminal): Promise<Shown> {
  const run = await client.getRun(uid);
  const jobs = await listAllJobs(client, run);
  return { resource: { ...run, jobs, jobsTruncated: false }, lines: showRun(run, jobs, colors) };
}

async function getRuns(client: Client, limit: number, terminal: Terminal): Promise<Shown> {
  const list = await client.listRuns({ limit });
  if (list.items.length === 0) note(terminal, 'There are no runs yet: chainr run FILE sends one.');
  return { resource: list, lines: showRuns(list.items, terminal.colors) };
}

function readLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 100) throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
  return limit;
}
