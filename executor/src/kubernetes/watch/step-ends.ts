import type { StepOutcome } from '@chainr/core/engine/outcome';
import { outputLimits } from '@chainr/core/pipeline/limits';
import type { WrittenOutputs } from '@chainr/core/engine/outputs';
import type { AttemptSpec } from '../../port.js';
import { containerName } from '../names.js';
import type { ContainerStatus } from '../pod/pod-json.js';
import { timeOf, type PodView } from '../pod/pod-view.js';
import { exitCodeMark, noProgramMark } from '../pod/step-container.js';

/** The container of a step that has ended. Times are milliseconds since 1970, in whole seconds. */
export interface StepEnd {
  index: number;
  exitCode: number;
  /** Why the container ended, in a word of the kubelet: `Completed`, `Error`, `OOMKilled`, `StartError`. */
  word: string;
  /** What the kubelet or the runtime says of it; empty if the step's own outputs are there instead. */
  message: string;
  startedAt: number;
  endedAt: number;
  tolerated: boolean;
  /** The program of a script that does not exist. */
  missingProgram?: string;
  /** What the step wrote to CHAINR_OUTPUT; undefined: nothing. */
  outputs?: WrittenOutputs;
}

/** Words of the kubelet for a container whose program did not start. */
const startErrors = new Set(['StartError', 'ContainerCannotRun', 'CreateContainerError', 'RunContainerError']);
/** The kubelet lost the container and made this end up. */
export const unknownWord = 'ContainerStatusUnknown';

export const isStartError = ({ word }: Pick<StepEnd, 'word'>): boolean => startErrors.has(word);

/** The status of a step's container; undefined if the kubelet has not reported any. */
export function statusOfStep(pod: PodView, spec: AttemptSpec, index: number): ContainerStatus | undefined {
  const name = containerName(spec.steps[index]?.name ?? '');
  const among = index === spec.steps.length - 1 ? pod.containers : pod.initContainers;
  return among.find((status) => status.name === name);
}

/** The steps that have ended with a seen exit code, in order, up to the first one that has not. */
export function stepEnds(pod: PodView, spec: AttemptSpec): StepEnd[] {
  const ends: StepEnd[] = [];
  for (const index of spec.steps.keys()) {
    const end = endOf(pod, spec, index);
    if (!end) break;
    ends.push(end);
  }
  return ends;
}

function endOf(pod: PodView, spec: AttemptSpec, index: number): StepEnd | undefined {
  const ended = statusOfStep(pod, spec, index)?.state?.terminated;
  const step = spec.steps[index];
  if (!ended || !step || ended.reason === unknownWord) return undefined;
  const { exitCode, reason: word = '', message = '' } = ended;
  const common = {
    index,
    word,
    startedAt: timeOf(ended.startedAt),
    endedAt: timeOf(ended.finishedAt),
  };
  if (startErrors.has(word)) return { ...common, exitCode, message, tolerated: false };
  const { mark, rest } = readMessage(message);
  const missing = mark?.startsWith(noProgramMark) ? mark.slice(noProgramMark.length) : undefined;
  const ownCode = mark?.startsWith(exitCodeMark) ? Number(mark.slice(exitCodeMark.length)) : undefined;
  const isLast = index === spec.steps.length - 1;
  const code = ownCode !== undefined && exitCode === 0 ? ownCode : exitCode;
  const tolerated = step.continueOnError && code !== 0 && (isLast || exitCode === 0);
  const content = outputsOf(rest, pod.containerCount);
  return {
    ...common,
    exitCode: code,
    message: '',
    tolerated,
    ...(missing !== undefined && { missingProgram: missing }),
    ...(content && missing === undefined && { outputs: { step: step.name, content } }),
  };
}

/** The first line if it is one of chainr's own wrapper. */
function readMessage(message: string): { mark: string | undefined; rest: string } {
  if (!message.startsWith(noProgramMark) && !message.startsWith(exitCodeMark))
    return { mark: undefined, rest: message };
  const [mark = '', ...lines] = message.split('\n');
  return { mark, rest: lines.join('\n') };
}

/**
 * The kubelet keeps 12 KiB of messages in a pod, divided by its containers, and at most 4 KiB of one. A message that is
 * as long as that may have been cut, so it counts as too long. Bytes that are no UTF-8 come as U+FFFD: they are given
 * back as a byte that is none, so that they are refused as they are elsewhere.
 */
function outputsOf(text: string, containers: number): Buffer | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text);
  const kept = Math.min(4096, Math.floor((12 * 1024) / containers));
  if (bytes.length >= kept && kept <= outputLimits.stepBytes) return Buffer.alloc(outputLimits.stepBytes + 1, 'x');
  return text.includes('\u{fffd}') ? Buffer.from(text.replaceAll('\u{fffd}', '\u{ff}'), 'latin1') : bytes;
}

export const outcomeOf = (
  spec: AttemptSpec,
  { index, exitCode, tolerated, startedAt, endedAt }: StepEnd,
): StepOutcome => ({
  name: spec.steps[index]?.name ?? '',
  exitCode,
  ...(tolerated && { tolerated }),
  startedAt,
  endedAt,
});
