import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunFilterQuery } from '@chainr/core/api/contract/run-query';
import { didYouMean } from '@chainr/core/pipeline/did-you-mean';
import { parseDuration } from '@chainr/core/pipeline/duration';
import { parseMoment } from '@chainr/core/api/contract/moment';
import { runStatuses, type RunStatus } from '@chainr/core/engine/states';
import { externalIdOption } from './external-id-option.js';

/** The values of the options below. */
export interface RunFilterOptions {
  status?: RunStatus[];
  name?: string;
  externalId?: string;
  label?: string[];
  since?: string;
  until?: string;
}

/** Adds the options that filter runs. */
export function addRunFilter(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--status <status>',
        `only runs in this status (${runStatuses.join(', ')}); may be repeated`,
      ).argParser(readStatuses),
    )
    .option('--name <name>', "only runs of pipelines with this name; 'night*' matches names that begin with night")
    .addOption(externalIdOption('only the run that was submitted with this external id'))
    .option('--label <label>', 'only runs with this label: key=value, or key with any value; may be repeated', collect)
    .option('--since <time>', 'only runs created at or after this time: 24h (ago) or 2026-11-21T01:44:00Z', readTime)
    .option('--until <time>', 'only runs created before this time, in the same format', readTime);
}

/** The filter in the options; empty if there is none. */
export function readRunFilter({ status, name, externalId, label, since, until }: RunFilterOptions): RunFilterQuery {
  return {
    ...(status && { status }),
    ...(name !== undefined && { name }),
    ...(externalId !== undefined && { externalId }),
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
  const near = didYouMean(word.toUpperCase(), runStatuses);
  throw new InvalidArgumentError(
    near === undefined ? `Use one of ${runStatuses.join(', ')}.` : `Did you mean ${JSON.stringify(near)}?`,
  );
}

/** Checked as the server does, so that the message names the option and not a parameter. */
function readTime(text: string): string {
  if (parseDuration(text) !== undefined || parseMoment(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be an age such as 24h or 30d, or a time such as 2026-11-21T01:44:00Z.');
}

const collect = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
