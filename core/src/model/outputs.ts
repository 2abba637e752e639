import { outputLimits } from './limits.js';
import { outputKey } from './names.js';
import type { Outcome, Outputs } from './outcome.js';
import { sentenceOf } from './reasons.js';

/** What a step has left in the file that `CHAINR_OUTPUT` names. Executors leave out steps that have left none. */
export interface WrittenOutputs {
  step: string;
  /** All of it, or the beginning of what is too much; undefined where it is no plain file. */
  content: Uint8Array | undefined;
}

/** How much of a file an executor has to read: one byte more than a step may write. */
export const outputBytesRead = outputLimits.stepBytes + 1;

/**
 * The outcome with the outputs of the attempt, where it ended by itself: what vanished or was never begun has none. A
 * job that would have succeeded FAILED if they cannot be taken as they are; nothing is cut silently.
 */
export function withOutputs(outcome: Outcome, written: readonly WrittenOutputs[]): Outcome {
  if (written.length === 0 || outcome.exitCode === undefined || outcome.reason === 'Lost') return outcome;
  const { outputs, refusal } = gatherOutputs(written);
  const kept = Object.keys(outputs).length > 0 ? { ...outcome, outputs } : outcome;
  return refusal === undefined ? kept : refuseOutputs(kept, refusal);
}

/** An attempt that failed by itself keeps its reason, and the sentence comes behind its own. */
export function refuseOutputs(outcome: Outcome, sentence: string): Outcome {
  const { reason, exitCode, message = sentenceOf(reason, exitCode) } = outcome;
  return reason === 'Completed'
    ? { ...outcome, reason: 'ConfigError', message: sentence }
    : { ...outcome, message: `${message} ${sentence}` };
}

/** What is well-formed, a later line before an earlier one; and the first thing that is not. */
function gatherOutputs(written: readonly WrittenOutputs[]): { outputs: Outputs; refusal?: string } {
  const outputs = new Map<string, string>();
  const refusals: string[] = [];
  let total = 0;
  for (const { step, content } of written) {
    if (!content) {
      refusals.push(`What step "${step}" left as its outputs is no plain file that can be read.`);
    } else if (content.length > outputLimits.stepBytes) {
      const most = String(outputLimits.stepBytes);
      refusals.push(`Step "${step}" wrote more than ${most} bytes of outputs, the most that a step may write.`);
    } else if (total + content.length > outputLimits.jobBytes) {
      const most = String(outputLimits.jobBytes);
      refusals.push(`With step "${step}" the outputs are more than ${most} bytes, the most that a job may write.`);
    } else {
      total += content.length;
      readLines(step, content, outputs, refusals);
    }
  }
  const [refusal] = refusals;
  return { outputs: Object.fromEntries(outputs), ...(refusal !== undefined && { refusal }) };
}

const newlineByte = 0x0a;

/** Sentences never show what a line holds: it may be a secret. */
function readLines(step: string, content: Uint8Array, outputs: Map<string, string>, refusals: string[]): void {
  for (let start = 0, number = 1; start < content.length; number += 1) {
    const found = content.indexOf(newlineByte, start);
    const end = found < 0 ? content.length : found;
    const read = end > start ? readLine(content.subarray(start, end)) : undefined;
    if (typeof read === 'string') refusals.push(`Line ${String(number)} of the outputs of step "${step}" ${read}.`);
    else if (read) outputs.set(read.key, read.value);
    start = end + 1;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readLine(bytes: Uint8Array): { key: string; value: string } | string {
  let line: string;
  try {
    line = utf8.decode(bytes);
  } catch {
    return 'is not UTF-8';
  }
  const equals = line.indexOf('=');
  if (equals < 0) return 'is not of the form KEY=VALUE';
  const key = line.slice(0, equals);
  if (!outputKey.test(key)) {
    return 'has a key that is none: letters, digits and underscores, no digit first, at most 255 characters';
  }
  return line.includes('\0') ? 'has a zero byte' : { key, value: line.slice(equals + 1) };
}
