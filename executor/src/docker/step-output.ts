import type { OutputChunk } from '../port.js';
import type { LogFrame } from './log-frames.js';
import { isAfter, type Mark, type StepMarks } from './log-position.js';

/** Counts the entries of one stream, and tells which come after a mark. */
class StreamPlace {
  /** The last entry that was taken. */
  mark: Mark | undefined;
  readonly #from: Mark | undefined;
  #last: Mark = ['', 0];

  constructor(from: Mark | undefined) {
    this.#from = from;
    this.mark = from;
  }

  /** Whether the entry is a new one. */
  pass(timestamp: string): boolean {
    this.#last = [timestamp, timestamp === this.#last[0] ? this.#last[1] + 1 : 1];
    if (!isAfter(this.#from, ...this.#last)) return false;
    this.mark = this.#last;
    return true;
  }
}

/** Makes chunks of the entries of a step's log, from a mark of each stream on. */
export class StepOutput {
  readonly #step: string;
  readonly #streams: Record<LogFrame['stream'], StreamPlace>;

  constructor(step: string, from: StepMarks) {
    this.#step = step;
    this.#streams = { stdout: new StreamPlace(from.stdout), stderr: new StreamPlace(from.stderr) };
  }

  take(frames: readonly LogFrame[]): OutputChunk[] {
    const chunks: OutputChunk[] = [];
    for (const { stream, timestamp, bytes } of frames) {
      if (!this.#streams[stream].pass(timestamp) || bytes.length === 0) continue;
      chunks.push({ time: Date.parse(timestamp), step: this.#step, stream, bytes });
    }
    return chunks;
  }

  /** After the last entry that was taken of each stream. */
  get marks(): StepMarks {
    const { stdout, stderr } = this.#streams;
    return { ...(stdout.mark && { stdout: stdout.mark }), ...(stderr.mark && { stderr: stderr.mark }) };
  }
}
