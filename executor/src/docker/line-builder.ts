import type { LogLine } from '@chainr/core/model/records';
import { maxLineBytes } from '../split-lines.js';
import type { LogFrame } from './log-frames.js';
import { isAfter, type Mark, type StepMarks } from './log-position.js';

/** Makes lines of the entries of one stream, from a mark on. */
class StreamLines {
  /** The entry of the last line that was made. */
  mark: Mark | undefined;
  readonly #from: Mark | undefined;
  #last: Mark = ['', 0];
  #pieces: string[] = [];
  #bytes = 0;

  constructor(from: Mark | undefined) {
    this.#from = from;
    this.mark = from;
  }

  take(frame: LogFrame, step: string, lines: LogLine[]): void {
    const { timestamp, text, newline } = frame;
    const before = this.#last;
    this.#last = [timestamp, timestamp === before[0] ? before[1] + 1 : 1];
    if (!isAfter(this.#from, ...this.#last)) return;
    const bytes = Buffer.byteLength(text);
    if (this.#bytes > 0 && this.#bytes + bytes > maxLineBytes) this.#end(frame, step, false, before, lines);
    this.#pieces.push(text);
    this.#bytes += bytes;
    if (newline) this.#end(frame, step, true, this.#last, lines);
  }

  /** The output is over: a last line without a newline is one too. */
  flush(step: string, stream: LogFrame['stream'], lines: LogLine[]): void {
    const [timestamp] = this.#last;
    if (this.#pieces.length > 0) this.#end({ stream, timestamp }, step, false, this.#last, lines);
  }

  #end(
    { stream, timestamp }: Pick<LogFrame, 'stream' | 'timestamp'>,
    step: string,
    newline: boolean,
    mark: Mark,
    lines: LogLine[],
  ): void {
    lines.push({ time: Date.parse(timestamp), step, stream, text: this.#pieces.join(''), newline });
    this.#pieces = [];
    this.#bytes = 0;
    this.mark = mark;
  }
}

/** The same for both streams of a step. */
export class LineBuilder {
  readonly #step: string;
  readonly #streams: Record<LogFrame['stream'], StreamLines>;

  constructor(step: string, from: StepMarks) {
    this.#step = step;
    this.#streams = { stdout: new StreamLines(from.stdout), stderr: new StreamLines(from.stderr) };
  }

  take(frames: readonly LogFrame[]): LogLine[] {
    const lines: LogLine[] = [];
    for (const frame of frames) this.#streams[frame.stream].take(frame, this.#step, lines);
    return lines;
  }

  /** What is left when the output is over. */
  flush(): LogLine[] {
    const lines: LogLine[] = [];
    for (const stream of ['stdout', 'stderr'] as const) this.#streams[stream].flush(this.#step, stream, lines);
    return lines;
  }

  /** After the last line that was made of each stream. */
  get marks(): StepMarks {
    const { stdout, stderr } = this.#streams;
    return { ...(stdout.mark && { stdout: stdout.mark }), ...(stderr.mark && { stderr: stderr.mark }) };
  }
}
