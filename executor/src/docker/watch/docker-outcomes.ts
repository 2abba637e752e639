import type { Outcome, StepOutcome } from '@chainr/core/engine/outcome';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { isSignalCode } from '../../signal-codes.js';
import type { AttemptSpec } from '../../port.js';
import { scriptWords } from '../../step-words.js';
import { shell, type StepSight, type Tombstone } from './look-at-step.js';

type Exited = Extract<StepSight, { kind: 'exited' }>;

/** The outcome of an attempt whose last step has ended. */
export function endOutcome(spec: AttemptSpec, ended: readonly Exited[]): Outcome {
  const seen = soFar(spec, ended);
  const last = ended.at(-1);
  if (!last) throw new Error('no step has ended');
  const { exitCode, outOfMemory, withoutShell, endedAt, ending } = last;
  const times = { ...seen, endedAt };
  if (withoutShell) return { reason: 'ConfigError', message: withoutShellMessage(spec, ended.length - 1), ...times };
  if (exitCode === 0 || ending.tolerated) return { reason: 'Completed', exitCode: 0, ...times };
  if (outOfMemory) return { reason: 'OutOfMemory', exitCode, ...times };
  return { reason: isSignalCode(exitCode) ? 'Signal' : 'ExitCode', exitCode, ...times };
}

/** A stop took the name of a step. */
export const stopped: Tombstone = { reason: 'Lost', message: 'It was stopped before it started.' };

/**
 * The outcome if the next step's name was taken: the attempt was stopped, or the step cannot be created as specified.
 */
export function tombstoneOutcome(spec: AttemptSpec, ended: readonly Exited[], { reason, message }: Tombstone): Outcome {
  const next = spec.steps[ended.length]?.name ?? '';
  const wasStopped = ended.length > 0 && message === stopped.message;
  const told = wasStopped ? `It was stopped before its step "${next}" began.` : message;
  return {
    reason,
    message: told,
    ...soFar(spec, ended),
    ...(ended.length > 0 && { endedAt: ended.at(-1)?.endedAt ?? 0 }),
  };
}

/** Whether a start that the daemon refused can never succeed. The exit code is that of a shell that could not execute it. */
export const isConfigFault = ({ exitCode, message }: { exitCode: number; message: string }): boolean =>
  exitCode === 126 || exitCode === 127 || /unable to find (user|group)|^network \S+ not found/.test(message);

/** The outcome if the daemon could not start a step. */
export function refusalOutcome(
  spec: AttemptSpec,
  ended: readonly Exited[],
  { exitCode, message }: { exitCode: number; message: string },
): Outcome {
  const step = spec.steps[ended.length];
  const name = step?.name ?? '';
  if (!isConfigFault({ exitCode, message }))
    return { reason: 'Lost', message: `The daemon could not start step "${name}": ${message}.`, ...soFar(spec, ended) };
  return { reason: 'ConfigError', message: whyNotStarted(step, message), ...soFar(spec, ended) };
}

/** A sentence from the daemon's message about a failed start. */
function whyNotStarted(step: StepSpec | undefined, said: string): string {
  const name = step?.name ?? '';
  const program = step?.command?.[0];
  return program !== undefined && said.includes('exec: ')
    ? `The command "${program}" of step "${name}" is not a program that exists in its image and may be executed.`
    : `Step "${name}" cannot be started: ${said}.`;
}

function withoutShellMessage({ steps }: AttemptSpec, index: number): string {
  const { image = '', name = '', run = '', shell: named }: Partial<StepSpec> = steps[index] ?? {};
  const program = scriptWords(run, named, '').words[0] ?? '';
  const needed = program === shell ? shell : `${shell} or no ${program}`;
  return `The image ${image} of step "${name}" has no ${needed}, which "run" needs. Use "command", or an image with a shell.`;
}

export const deletedOutcome = (spec: AttemptSpec, ended: readonly Exited[]): Outcome => ({
  reason: 'Deleted',
  message: 'Its container was removed while it ran.',
  ...soFar(spec, ended),
});

/** Nobody saw it run or end. */
export const vanishedOutcome = (spec: AttemptSpec, ended: readonly Exited[]): Outcome => ({
  reason: 'Lost',
  message: 'Its container was removed before anybody saw how it ended.',
  ...soFar(spec, ended),
});

export const lostOutcome = (message: string): Outcome => ({ reason: 'Lost', message });

function soFar(spec: AttemptSpec, ended: readonly Exited[]): Pick<Outcome, 'steps' | 'startedAt'> {
  const [first] = ended;
  if (!first) return {};
  const steps = ended.map(({ exitCode, startedAt, endedAt, ending }, index): StepOutcome => {
    const tolerated = exitCode !== 0 && ending.tolerated;
    return { name: spec.steps[index]?.name ?? '', exitCode, ...(tolerated && { tolerated }), startedAt, endedAt };
  });
  return { steps, startedAt: first.startedAt };
}
