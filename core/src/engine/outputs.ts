import { outputLimits } from '../pipeline/limits.js';
import { outputKey } from '../pipeline/names.js';
import type { Outcome, Outputs } from './outcome.js';
import { sentenceOf } from './reasons.js';

/** What a step left in its `CHAINR_OUTPUT` file. Executors leave out steps that wrote nothing. */
export interface WrittenOutputs {
  step: string;
  /** The content, or its beginning if it is too long; undefined if it is not a plain file. */
  content: Uint8Array | undefined;
}

/** How much of the file an executor reads: one byte more than the limit, to notice an excess. */
export const outputBytesRead = outputLimits.stepBytes + 1;

/**
 * Adds the outputs to the outcome of an attempt that ended by itself; an attempt that vanished or never started has
 * none. If the outputs are invalid, a job that would have succeeded FAILED. Nothing is cut silently.
 */
export function withOutputs(outcome: Outcome, written: readonly WrittenOutputs[]): Outcome {
  if (written.length === 0 || outcome.exitCode === undefined || outcome.reason === 'Lost') return outcome;
  const { outputs, refusal } = gatherOutputs(written);
  const kept = Object.keys(outputs).length > 0 ? { ...outcome, outputs } : outcome;
  return refusal === undefined ? kept : refuseOutputs(kept, refusal);
}

/** An attempt that failed by itself keeps its reason; the sentence is added to its own. */
export function refuseOutputs(outcome: Outcome, sentence: string): Outcome {
  const { reason, exitCode, message = sentenceOf(reason, exitCode) } = outcome;
  return reason === 'Completed'
    ? { ...outcome, reason: 'ConfigError', message: sentence }
    : { ...outcome, message: `${message} ${sentence}` };
}

/** The valid outputs, a later line replacing an earlier one, and the first mistake. */
function gatherOutputs(written: readonly WrittenOutputs[]): { outputs: Outputs; refusal?: string } {
  const outputs = new Map<string, string>();
  const refusals: string[] = [];
  let total = 0;
  for (const { step, content } of written) {
    if (!content) {
      refusals.push(`The output file of step "${step}" is not a regular file that can be read.`);
    } else if (content.length > outputLimits.stepBytes) {
      const most = String(outputLimits.stepBytes);
      refusals.push(`Step "${step}" wrote more than ${most} bytes of outputs, the limit of a step.`);
    } else if (total + content.length > outputLimits.jobBytes) {
      const most = String(outputLimits.jobBytes);
      refusals.push(`With step "${step}" the outputs exceed ${most} bytes, the limit of a job.`);
    } else {
      total += content.length;
      readLines(step, content, outputs, refusals);
    }
  }
  const [refusal] = refusals;
  return { outputs: Object.fromEntries(outputs), ...(refusal !== undefined && { refusal }) };
}

const newlineByte = 0x0a;

/**
 * Reads what a step wrote, in the grammar of GitHub's `GITHUB_OUTPUT`. The first `=` or `<<` of a line decides what it
 * is:
 *
 *     KEY=VALUE          a value of one line, as it is; it does not begin with `=`
 *     KEY<<DELIMITER     a value of any lines, up to the line DELIMITER, without the last newline
 *     LINES
 *     DELIMITER
 *
 * Empty lines between them are ignored; anything else is refused. Messages never show what a line holds: it may be a
 * secret.
 */
function readLines(step: string, content: Uint8Array, outputs: Map<string, string>, refusals: string[]): void {
  const lines = linesOf(content);
  for (let index = 0; index < lines.length; index += 1) {
    const refuse = (what: string): void => {
      refusals.push(`Line ${String(index + 1)} of the outputs of step "${step}" ${what}.`);
    };
    const line = lines[index];
    if (line === undefined) refuse('is not UTF-8');
    else if (line !== '') {
      const read = readLine(line);
      if (typeof read === 'string') refuse(read);
      else if ('value' in read) outputs.set(read.key, read.value);
      else {
        const end = lines.indexOf(read.delimiter, index + 1);
        if (end < 0) return refuse('begins a value of several lines, but no line consists of its delimiter');
        const within = lines.slice(index + 1, end);
        const odd = within.findIndex((each) => each === undefined || each.includes('\0'));
        if (odd < 0) outputs.set(read.key, within.join('\n'));
        else {
          index += 1 + odd;
          refuse(within[odd] === undefined ? 'is not UTF-8' : 'has a zero byte');
        }
        index = end;
      }
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for a line that is not UTF-8. */
function linesOf(content: Uint8Array): (string | undefined)[] {
  const lines: (string | undefined)[] = [];
  for (let start = 0; start < content.length;) {
    const found = content.indexOf(newlineByte, start);
    const end = found < 0 ? content.length : found;
    lines.push(decode(content.subarray(start, end)));
    start = end + 1;
  }
  return lines;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const severalLines = 'write a value of several lines as KEY<<EOF, the lines, and EOF';

/** The key with its value or delimiter; else what is wrong with the line. */
function readLine(line: string): { key: string; value: string } | { key: string; delimiter: string } | string {
  const [, key, sign, rest = ''] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? [];
  if (key === undefined) return `is not of the form KEY=VALUE; ${severalLines}`;
  if (!outputKey.test(key)) {
    return 'has an invalid key: a key has at most 255 letters, digits and underscores and does not begin with a digit';
  }
  if (line.includes('\0')) return 'has a zero byte';
  if (sign === '<<') {
    const isDelimiter = /^[\w.-]{1,255}$/.test(rest);
    return isDelimiter
      ? { key, delimiter: rest }
      : 'has no valid delimiter after "<<": letters, digits, "_", "-" and ".", without quotes and spaces, at most 255';
  }
  // This is how the last line of base64 looks.
  if (rest.startsWith('='))
    return `has a value that begins with "=", which may be part of another value; ${severalLines}`;
  return { key, value: rest };
}
