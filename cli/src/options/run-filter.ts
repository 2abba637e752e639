import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunFilterQuery } from '@chainr/core/api/contract/run-query';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';
import { parseDuration } from '@chainr/core/pipeline/duration';
import { parseMoment } from '@chainr/core/api/contract/moment';
import { runStatuses, type RunStatus } from '@chainr/core/engine/states';

/** What the options below leave in the options of a command. */
export interface RunFilterOptions {
  status?: RunStatus[];
  name?: string;
  label?: string[];
  since?: string;
  until?: string;
}

/** Adds the options that say which runs are meant. */
export function addRunFilter(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--status <status>',
        `only runs in this status (${runStatuses.join(', ')}); may be repeated`,
      ).argParser(readStatuses),
    )
    .option('--name <name>', "only runs of pipelines of this name; 'night*': whose name begins so")
    .option(
      '--label <label>',
      'only runs with this label: key=value, or key whatever its value; may be repeated',
      collect,
    )
    .option('--since <time>', 'only runs created since then: 24h (ago), or 2026-11-21T01:44:00Z', readTime)
    .option('--until <time>', 'only runs created before then, written so too', readTime);
}

/** What of the options is a filter; empty where none of them was given. */
export function readRunFilter({ status, name, label, since, until }: RunFilterOptions): RunFilterQuery {
  return {
    ...(status && { status }),
    ...(name !== undefined && { name }),
    ...(label && { label }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

function readStatuses(text: string, before: RunStatus[] | undefined): RunStatus[] {
  const statuses = text.split(',').map((word) => readStatus(word.trim()));
  return [...(before ?? []), ...statuses];
}

function readStatus(word: string): RunStatus {
  const status = runStatuses.find((known) => known === word.toUpperCase());
  if (status) return status;
  const near = suggestion(word.toUpperCase(), runStatuses);
  throw new InvalidArgumentError(near === '' ? `They are ${runStatuses.join(', ')}.` : near.replace(/^, d/, 'D'));
}

/** As the server reads it; said here, where nothing has to be encoded for an address. */
function readTime(text: string): string {
  if (parseDuration(text) !== undefined || parseMoment(text) !== undefined) return text;
  throw new InvalidArgumentError(
    'It must be how long ago, such as 24h or 30d, or a time such as 2026-11-21T01:44:00Z.',
  );
}

const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
