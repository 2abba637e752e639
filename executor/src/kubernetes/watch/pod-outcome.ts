import type { Outcome, OutcomeReason } from '@chainr/core/engine/outcome';
import { withOutputs } from '@chainr/core/engine/outputs';
import type { AttemptSpec } from '../../port.js';
import { isSignalCode } from '../../signal-codes.js';
import type { PodView } from '../pod/pod-view.js';
import { shell } from '../pod/step-container.js';
import { isStartError, outcomeOf, stepEnds, type StepEnd } from './step-ends.js';

/**
 * How an attempt ended by what its pod shows; undefined while anything of it may run. Only what chainr recorded itself
 * comes before a seen exit code: why it ended the pod, or took its name.
 */
export function outcomeOfPod(pod: PodView, spec: AttemptSpec): Outcome | undefined {
  const isFinal = pod.phase === 'Succeeded' || pod.phase === 'Failed';
  const neverScheduled = pod.deleteAt !== undefined && pod.node === '';
  const { reason, message } = pod.verdict ?? { reason: 'Lost', message: 'Its name was taken.' };
  if (pod.isTombstone) return { reason, message };
  if (!isFinal && !neverScheduled) return undefined;
  const ends = stepEnds(pod, spec);
  if (pod.verdict) return { reason, message, ...soFar(spec, ends) };
  const seen = ends.at(-1);
  const byItself = seen && !wasInterrupted(pod, seen) ? endOutcome(spec, ends, seen) : undefined;
  const outcome = byItself ?? disruption(pod, spec, ends);
  return withOutputs(
    outcome,
    ends.flatMap(({ outputs }) => outputs ?? []),
  );
}

/** The outcome of a pod that is gone: what was last seen of it, or that nobody saw its end. */
export function outcomeOfGone(last: PodView, spec: AttemptSpec): Outcome {
  const known = outcomeOfPod(last, spec);
  if (known) return known;
  const ends = stepEnds(last, spec);
  const cause = disruptionCause(last);
  if (cause) return { ...cause, ...soFar(spec, ends) };
  return { reason: 'Deleted', message: 'Somebody removed its pod, with its finalizer, before its end was seen.', ...soFar(spec, ends) }; // prettier-ignore
}

/** The outcome if the attempt ended with this step; undefined if a step should have followed. */
function endOutcome(spec: AttemptSpec, ends: readonly StepEnd[], last: StepEnd): Outcome | undefined {
  const { exitCode, word, tolerated } = last;
  const times = soFar(spec, ends);
  /** A step that never began has no times and no exit code. */
  const before = soFar(spec, ends.slice(0, -1));
  const step = spec.steps[last.index];
  const name = step?.name ?? '';
  if (isStartError(last)) {
    return { reason: 'ConfigError', message: whyNotStarted(spec, last), ...before };
  }
  if (last.missingProgram !== undefined) {
    const message = `The image ${step?.image ?? ''} of step "${name}" has no ${last.missingProgram}, which "run" needs.`;
    return { reason: 'ConfigError', message, ...before };
  }
  const isLast = last.index === spec.steps.length - 1;
  if (exitCode === 0 || tolerated) return isLast ? { reason: 'Completed', exitCode: 0, ...times } : undefined;
  if (word === 'OOMKilled') {
    const message = spec.steps.length > 1 ? `Step "${name}" exceeded its memory limit.` : undefined;
    return { reason: 'OutOfMemory', exitCode, ...(message !== undefined && { message }), ...times };
  }
  const wrapped = step?.continueOnError === true && !isLast;
  const killed = wrapped
    ? { message: `Step "${name}" was killed with the shell that watches over it, so continueOnError could not apply.` }
    : {};
  return { reason: isSignalCode(exitCode) ? 'Signal' : 'ExitCode', exitCode, ...killed, ...times };
}

function whyNotStarted(spec: AttemptSpec, { index, message }: StepEnd): string {
  const step = spec.steps[index];
  const name = step?.name ?? '';
  if (step?.run !== undefined && message.includes(`"${shell}"`)) {
    return `The image ${step.image} of step "${name}" has no ${shell}, which "run" needs. Use "command", or an image with a shell.`;
  }
  const program = step?.command?.[0];
  if (program !== undefined && message.includes('exec: ')) {
    return `The command "${program}" of step "${name}" is not a program that exists in its image and may be executed.`;
  }
  return `Step "${name}" cannot be started: ${message}.`;
}

/** Whether somebody or something ended the pod before this step ended, so that its exit code is not its own. */
function wasInterrupted(pod: PodView, { exitCode, endedAt }: StepEnd): boolean {
  if (exitCode === 0 || !isSignalCode(exitCode) || pod.isStopping) return false;
  if (disruptionCause(pod) || pod.reason === 'DeadlineExceeded') return true;
  // A deletion by hand: SIGTERM came a grace before the time that the API server writes down.
  return pod.deleteAt !== undefined && endedAt >= pod.deleteAt - pod.graceSeconds * 1000 - 1000;
}

interface Cause {
  reason: OutcomeReason;
  message: string;
}

/** The condition that Kubernetes leaves: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
const disruptionReasons: Readonly<Record<string, OutcomeReason>> = {
  PreemptionByScheduler: 'Preempted',
  EvictionByEvictionAPI: 'Evicted',
  TerminationByKubelet: 'Evicted',
  DeletionByTaintManager: 'NodeLost',
  DeletionByPodGC: 'NodeLost',
};

/** Reasons that a kubelet gives for the whole pod. */
const podReasons: Readonly<Record<string, OutcomeReason>> = {
  Evicted: 'Evicted',
  Preempting: 'Preempted',
  NodeLost: 'NodeLost',
  Terminated: 'Evicted',
  NodeShutdown: 'Evicted',
  Shutdown: 'Evicted',
  NodeAffinity: 'Evicted',
  UnexpectedAdmissionError: 'Evicted',
  OutOfcpu: 'Evicted',
  OutOfmemory: 'Evicted',
  OutOfpods: 'Evicted',
};

/** What Kubernetes says ended the pod; undefined if nothing. */
function disruptionCause(pod: PodView): Cause | undefined {
  const condition = pod.conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  const byCondition = disruptionReasons[condition?.reason ?? ''];
  if (byCondition) return { reason: byCondition, message: told(byCondition, condition?.message ?? '', pod) };
  const byPod = podReasons[pod.reason];
  if (byPod) return { reason: byPod, message: told(byPod, pod.message, pod) };
  return undefined;
}

function told(reason: OutcomeReason, said: string, { node }: PodView): string {
  const where = node === '' ? '' : ` on node ${node}`;
  const what =
    reason === 'Preempted' ? `Its pod${where} was preempted by one with a higher priority`
    : reason === 'NodeLost' ? `Its node${node === '' ? '' : ` ${node}`} was lost`
    : `Its pod${where} was evicted`; // prettier-ignore
  return said === '' ? `${what}.` : `${what}: ${said.replace(/\.$/, '')}.`;
}

/** The outcome of a pod that did not end by itself. */
function disruption(pod: PodView, spec: AttemptSpec, ends: readonly StepEnd[]): Outcome {
  const last = ends.at(-1);
  const code = last && last.exitCode !== 0 ? { exitCode: last.exitCode } : {};
  const rest = { ...code, ...soFar(spec, ends) };
  const cause = disruptionCause(pod);
  if (cause) return { ...cause, ...rest };
  if (pod.isStopping) return { reason: 'Lost', message: whatWasStopped(spec, ends), ...rest };
  if (pod.deleteAt !== undefined) return { reason: 'Deleted', message: 'Somebody deleted its pod.', ...rest };
  if (pod.reason === 'DeadlineExceeded') {
    return { reason: 'TimedOut', message: 'Its pod ran longer than any that chainr lets run unattended.', ...rest };
  }
  const said = [pod.reason, pod.message].filter((text) => text !== '').join(': ');
  return { reason: 'Lost', message: `Its pod failed without an exit code${said === '' ? '' : `: ${said}`}.`, ...rest };
}

function whatWasStopped({ steps }: AttemptSpec, ends: readonly StepEnd[]): string {
  const next = steps[ends.length]?.name ?? '';
  return ends.length === 0 ? 'It was stopped before it started.' : `It was stopped before its step "${next}" began.`;
}

function soFar(spec: AttemptSpec, ends: readonly StepEnd[]): Pick<Outcome, 'steps' | 'startedAt' | 'endedAt'> {
  const [first] = ends;
  if (!first) return {};
  const endedAt = ends.at(-1)?.endedAt ?? 0;
  return { steps: ends.map((end) => outcomeOf(spec, end)), startedAt: first.startedAt, endedAt };
}
