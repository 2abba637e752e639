import { Command, InvalidArgumentError } from 'commander';
import type { Client } from '@chainr/core/api/client/client';
import type { RunFilterQuery } from '@chainr/core/api/contract/run-query';
import type { RunList } from '@chainr/core/api/contract/run-resource';
import { connect, type ServerOptions } from '../server/connect.js';
import { examples } from '../options/examples.js';
import { outputOption, type OutputFormat } from '../options/output-option.js';
import { addRunFilter, readRunFilter, type RunFilterOptions } from '../options/run-filter.js';
import { showRuns } from '../views/show-run.js';
import { note, print, type Terminal } from '../terminal/terminal.js';
import { refuseWatch } from '../options/watch-option.js';

/** Default of `--limit`. */
export const runsListed = 20;
/** The most runs per request. */
const runsPerPage = 100;
/** The most runs that `chainr get runs` lists; the API pages through all of them. */
const mostListed = 10_000;

interface GetRunsOptions extends ServerOptions, RunFilterOptions {
  watch?: true;
  limit: number;
  output: OutputFormat;
}

export function getRunsCommand(terminal: Terminal): Command {
  return addRunFilter(new Command('runs').description('list runs, newest first'))
    .addOption(outputOption())
    .option('--limit <count>', `maximum number of runs, 1 to ${String(mostListed)}`, readLimit, runsListed)
    .addHelpText(
      'after',
      examples('chainr get runs', "chainr get runs --status FAILED --name 'nightly*' --label team=a --since 24h"),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GetRunsOptions>();
      refuseWatch(options);
      const filter = readRunFilter(options);
      const list = await listRuns(connect(options, terminal), filter, options.limit);
      printRuns(list, Object.keys(filter).length > 0, options.output, terminal);
    });
}

/** The newest runs that match a filter. Reads several pages: one may be short if few of many runs match. */
export async function listRuns(client: Client, filter: RunFilterQuery, limit: number): Promise<RunList> {
  const list = await client.listRuns({ ...filter, limit: Math.min(runsPerPage, limit) });
  while (list.metadata.next !== undefined && list.items.length < limit) {
    const left = Math.min(runsPerPage, limit - list.items.length);
    const page = await client.listRuns({ ...filter, limit: left, cursor: list.metadata.next });
    list.items.push(...page.items);
    list.metadata = page.metadata;
  }
  return list;
}

export function printRuns(list: RunList, filtered: boolean, output: OutputFormat, terminal: Terminal): void {
  if (output === 'json') {
    print(terminal, JSON.stringify(list, null, 2));
    return;
  }
  if (list.items.length === 0)
    note(terminal, filtered ? 'No runs match.' : 'There are no runs yet; chainr run FILE starts one.');
  else for (const line of showRuns(list.items, terminal)) print(terminal, line);
  if (list.metadata.next !== undefined) note(terminal, 'There are more runs; use a larger --limit to list them.');
}

export function readLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > mostListed)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(mostListed)}.`);
  return limit;
}
