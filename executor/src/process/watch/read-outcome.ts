import type { StepSpec } from '@chainr/core/pipeline/steps';
import { scriptWords } from '../../step-words.js';
import { statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Outcome, StepOutcome } from '@chainr/core/engine/outcome';
import { withOutputs } from '@chainr/core/engine/outputs';
import type { AttemptSpec } from '../../port.js';
import { isSignalCode } from '../../signal-codes.js';
import { attemptFiles, stepFile } from '../attempt-folder.js';
import { fullDisk } from '../output/disk-space.js';
import type { EndRecord, Tombstone } from './look-at-attempt.js';
import { readIfThere, saysGone } from '../small-files.js';
import { readOutputs } from './read-outputs.js';
import { readStepExit } from './step-exit.js';

/** The outcome of an attempt whose end is recorded. The times are those of the record files. */
export function readOutcome(path: string, spec: AttemptSpec, end: EndRecord): Outcome {
  const steps = readSteps(path, spec, end.codes);
  return withOutputs(outcomeOf(path, spec, end, steps), readOutputs(path, spec, steps.length));
}

function outcomeOf(path: string, spec: AttemptSpec, end: EndRecord, steps: StepOutcome[]): Outcome {
  const last = steps.at(-1);
  const code = last?.exitCode;
  const times = {
    ...(steps[0]?.startedAt !== undefined && { startedAt: steps[0].startedAt }),
    ...(last && { endedAt: changedAt(join(path, attemptFiles.exit)) ?? last.endedAt ?? 0 }),
  };
  if (last === undefined || code === undefined) {
    return { reason: 'Lost', message: 'It was stopped before its first step started.', ...times };
  }
  const index = steps.length - 1;
  const config = readIfThere(join(path, stepFile(index, 'config')))?.trim();
  if (config !== undefined) return { reason: 'ConfigError', message: configMessage(config, spec, index), ...times };
  if (last.startedAt === undefined) {
    const why = fullDisk(path) ?? `(code ${code})`;
    return { reason: 'Lost', message: `Step "${last.name}" could not be started. ${why}`, steps, ...times };
  }
  if (code !== 0 && !last.tolerated) {
    return { reason: isSignalCode(code) ? 'Signal' : 'ExitCode', exitCode: code, steps, ...times };
  }
  if (end.stopped) {
    const next = spec.steps[steps.length]?.name ?? '';
    return { reason: 'Lost', message: `It was stopped before its step "${next}" started.`, steps, ...times };
  }
  return { reason: 'Completed', exitCode: 0, steps, ...times };
}

/** The outcome of an attempt whose supervisor recorded no end. Steps with a recorded end keep it. */
export function lostOutcome(path: string, spec: AttemptSpec, message: string): Outcome {
  const codes = spec.steps.map((_, index) => readStepExit(path, index)?.code ?? -1);
  const missing = codes.indexOf(-1);
  const seen = codes.slice(0, missing < 0 ? codes.length : missing);
  const steps = readSteps(path, spec, seen);
  const next = spec.steps[steps.length];
  const begun = next && changedAt(join(path, stepFile(steps.length, 'started')), isBeginning);
  if (next && begun !== undefined) steps.push({ name: next.name, startedAt: begun });
  const startedAt = steps[0]?.startedAt;
  return {
    reason: 'Lost',
    message: [message, fullDisk(path) ?? []].flat().join(' '),
    ...(steps.length > 0 && { steps }),
    ...(startedAt !== undefined && { startedAt }),
  };
}

export function tombstoneOutcome(tombstone: Tombstone): Outcome {
  return tombstone.why === 'canceled'
    ? { reason: 'Lost', message: 'It was stopped before it started.' }
    : { reason: 'ConfigError', message: tombstone.message };
}

/** When the attempt's first step began, in milliseconds since 1970; undefined if it has not. */
export const executingSince = (path: string): number | undefined =>
  changedAt(join(path, stepFile(0, 'started')), isBeginning);

function readSteps(path: string, spec: AttemptSpec, codes: readonly number[]): StepOutcome[] {
  return codes.map((exitCode, index) => {
    const step = spec.steps[index];
    const startedAt = changedAt(join(path, stepFile(index, 'started')), isBeginning);
    const endedAt = changedAt(join(path, stepFile(index, 'exit')));
    return {
      name: step?.name ?? String(index),
      exitCode,
      ...(exitCode !== 0 && step?.continueOnError && { tolerated: true }),
      ...(startedAt !== undefined && { startedAt }),
      ...(endedAt !== undefined && { endedAt }),
    };
  });
}

/** A step creates its `started` file empty; that of a tombstone has text. */
const isBeginning = (stats: Stats): boolean => stats.size === 0;

function changedAt(file: string, counts: (stats: Stats) => boolean = () => true): number | undefined {
  try {
    const stats = statSync(file);
    return counts(stats) ? Math.round(stats.mtimeMs) : undefined;
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}

function configMessage(config: string, spec: AttemptSpec, index: number): string {
  const step = spec.steps[index];
  const name = step?.name ?? String(index);
  return config === 'workdir'
    ? `The workdir "${step?.workdir ?? ''}" of step "${name}" does not exist or cannot be entered.`
    : `The command "${programOf(step)}" of step "${name}" is not a program that exists and may be executed.`;
}

function programOf(step: StepSpec | undefined): string {
  if (step?.run === undefined) return step?.command?.[0] ?? '';
  return scriptWords(step.run, step.shell, '').words[0] ?? '';
}
