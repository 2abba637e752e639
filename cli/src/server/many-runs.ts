import type { Command } from 'commander';
import type { BulkResult } from '@chainr/core/api/contract/bulk-resource';
import type { Client } from '@chainr/core/api/client/client';
import { CouldNot } from '../exit-codes.js';
import { formatTable } from '../views/format-table.js';
import type { OutputFormat } from '../options/output-option.js';
import { addRunFilter, readRunFilter, type RunFilterOptions } from '../options/run-filter.js';
import { print, type Terminal } from '../terminal/terminal.js';

/** An operation on many runs, and its words in messages. */
export interface ManyRuns {
  /** `delete`, `deleted`. */
  verb: string;
  done: string;
  act(query: Parameters<Client['deleteRuns']>[0]): Promise<BulkResult>;
}

export interface ManyRunsOptions extends RunFilterOptions {
  dryRun?: true;
  yes?: true;
  output: OutputFormat;
}

/** Adds the options of a command that can act on many runs. */
export function addManyRuns(command: Command): Command {
  return addRunFilter(command)
    .option('--dry-run', 'only show how many runs would be affected')
    .option('-y, --yes', 'do not ask for confirmation');
}

/** Whether the options contain a filter. */
export const meansMany = (options: RunFilterOptions): boolean => Object.keys(readRunFilter(options)).length > 0;

/**
 * Applies an operation to all runs that match a filter. First counts them, and asks for confirmation.
 *
 * @throws CouldNot if there is no terminal to ask on, or the answer is no
 */
export async function actOnMany(many: ManyRuns, options: ManyRunsOptions, terminal: Terminal): Promise<void> {
  const filter = readRunFilter(options);
  const plan = await addUp((cursor) => many.act({ ...filter, dryRun: true, ...cursor }));
  if (options.dryRun || plan.done === 0) {
    show({ ...plan, dryRun: options.dryRun ?? false }, many, options.output, terminal);
    return;
  }
  if (!options.yes) await ask(`${capitalized(many.verb)} ${runs(plan.done)}?`, terminal);
  const showResult = (result: BulkResult): void => show(result, many, options.output, terminal);
  showResult(await addUp((cursor) => many.act({ ...filter, ...cursor }), showResult));
}

/**
 * Repeats the request until no run is left: one request handles some hundreds, or fewer if Redis was briefly away.
 *
 * @param onCut gets the result so far if a request fails; then the error is thrown
 */
async function addUp(
  request: (cursor: { cursor?: string }) => Promise<BulkResult>,
  onCut: (before: BulkResult) => void = () => undefined,
): Promise<BulkResult> {
  const { next: second, stopped: _soon, ...first } = await request({});
  let [next, sum] = [second, first];
  while (next !== undefined) {
    const {
      next: further,
      stopped: _again,
      ...part
    } = await request({ cursor: next }).catch((error: unknown) => {
      onCut({ ...sum, stopped: error instanceof Error ? error.message : String(error), ...(next && { next }) });
      throw error;
    });
    sum = {
      ...sum,
      matched: sum.matched + part.matched,
      done: sum.done + part.done,
      skipped: [...sum.skipped, ...part.skipped],
      ...((sum.made ?? part.made) && { made: [...(sum.made ?? []), ...(part.made ?? [])] }),
    };
    next = further;
  }
  return sum;
}

async function ask(question: string, terminal: Terminal): Promise<void> {
  if (!terminal.ask)
    throw new CouldNot(`${question} There is no terminal to ask on: add --yes, or use --dry-run to look first.`);
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CouldNot('nothing was changed.');
}

function show(result: BulkResult, { verb, done }: ManyRuns, output: OutputFormat, terminal: Terminal): void {
  if (output === 'json') {
    print(terminal, JSON.stringify(result, null, 2));
    return;
  }
  const { matched, skipped, made = [] } = result;
  const left = matched - result.done;
  const rest = left === 0 ? '.' : `; ${runs(left)} ${left === 1 ? 'was' : 'were'} not changed:`;
  if (matched === 0) print(terminal, `Nothing to ${verb}: no runs match.`);
  else if (result.done === 0) print(terminal, `Nothing to ${verb}${rest}`);
  else if (result.dryRun) print(terminal, `Would ${verb} ${runs(result.done)}${rest}`);
  else
    print(
      terminal,
      `${capitalized(done)} ${runs(result.done)}${result.stopped === undefined ? '' : ' and stopped'}${rest}`,
    );
  for (const { uid, rerunOf } of made) print(terminal, `  ${uid} of ${rerunOf}`);
  for (const line of formatTable(skipped.map(({ uid, message }) => [`  ${uid}`, message]))) print(terminal, line);
}

const runs = (count: number): string => (count === 1 ? '1 run' : `${String(count)} runs`);

const capitalized = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
