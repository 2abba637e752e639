import type { LogLine } from '../../engine/records.js';
import { mainStep } from '../../pipeline/steps.js';
import type { LogFrame, Origin } from './log-format.js';

/** A range of a log. It never ends inside a UTF-8 character, unless the log does. */
export interface LogPage {
  /** Its start, and where to read on: bytes of the log. */
  offset: number;
  nextOffset: number;
  bytes: Buffer;
  /** The origins of its bytes; the first frame covers its beginning. */
  frames: readonly LogFrame[];
  /** The origin of the line inside which the page begins; absent if it begins at a line. */
  within?: Origin;
  /** The end mark is stored, and nothing follows `nextOffset`. */
  ended: boolean;
}

/** Consecutive bytes of one step and one stream. */
export interface LogRun extends Origin {
  offset: number;
  bytes: Buffer;
  /** The frames of these bytes. */
  frames: readonly LogFrame[];
}

export interface StoredLine extends LogLine {
  /** Start and end of the line, or of the piece of it, in bytes of the log; the newline is included. */
  offset: number;
  nextOffset: number;
}

/** A longer line is shown in pieces; all but the last have `newline: false`. In bytes. */
const maxLineBytes = 256 * 1024;

/** Splits a page by origin, in order. */
export function runsOf({ bytes, frames, offset, nextOffset }: LogPage): LogRun[] {
  const runs: LogRun[] = [];
  for (let first = 0; first < frames.length;) {
    const frame = frames[first];
    if (!frame) break;
    let last = first + 1;
    for (let next = frames[last]; next?.step === frame.step && next.stream === frame.stream; next = frames[last])
      last += 1;
    const from = Math.max(offset, frame.offset);
    const to = frames[last]?.offset ?? nextOffset;
    const { step, stream } = frame;
    if (to > from)
      runs.push({
        step,
        stream,
        offset: from,
        bytes: bytes.subarray(from - offset, to - offset),
        frames: frames.slice(first, last),
      });
    first = last;
  }
  return runs;
}

/**
 * The lines of a page. Invalid UTF-8 is replaced.
 * @param steps the names in the log of the job (`logNames`)
 */
export function linesOf(page: LogPage, steps: readonly string[] = []): StoredLine[] {
  return runsOf(page).flatMap((run) => linesOfRun(run, nameOf(run, steps)));
}

/** The step name shown for an origin. */
export const nameOf = ({ step, stream }: Origin, steps: readonly string[]): string =>
  stream === 'system' ? mainStep : (steps[step] ?? mainStep);

const newlineByte = 0x0a;

/** The lines of a run. */
export function linesOfRun({ bytes, offset, stream, frames }: LogRun, step: string): StoredLine[] {
  const lines: StoredLine[] = [];
  let frame = 0;
  for (let from = 0; from < bytes.length;) {
    const found = bytes.indexOf(newlineByte, from);
    let to = found < 0 ? bytes.length : found;
    let next = found < 0 ? to : to + 1;
    if (to - from > maxLineBytes) to = next = characterEnd(bytes, from + maxLineBytes);
    while ((frames[frame + 1]?.offset ?? Infinity) <= offset + from) frame += 1;
    const time = frames[frame]?.time ?? 0;
    const text = bytes.toString('utf8', from, to);
    lines.push({ time, step, stream, text, newline: next > to, offset: offset + from, nextOffset: offset + next });
    from = next;
  }
  return lines;
}

/** `end`, or an earlier position if `end` would cut a UTF-8 character. */
export function characterEnd(bytes: Buffer, end: number): number {
  for (let back = 1; back < 4 && back <= end; back += 1) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0xc0 || byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? end - back : end;
  }
  return end;
}
