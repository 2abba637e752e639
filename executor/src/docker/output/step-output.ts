import type { OutputChunk } from '../../port.js';
import type { LogFrame } from './log-frames.js';
import { isAfter, type Mark, type StepMarks } from './log-position.js';

/** The daemon splits a line after this many bytes (moby, daemon/logger/copier.go). */
const pieceBytes = 16 * 1024;
const newline = Buffer.from('\n');

/** Counts the entries of one stream, and tells which come after a mark. */
class StreamPlace {
  /** The last entry that was taken. */
  mark: Mark | undefined;
  readonly #from: Mark | undefined;
  #last: Mark = ['', 0];
  /** Whether the last entry was a piece of a line that continues. */
  #goesOn = false;

  constructor(from: Mark | undefined) {
    this.#from = from;
    this.mark = from;
  }

  /**
   * The bytes of a new entry; undefined for an old one. The daemon's `local` driver loses the newline of a line that it
   * has split, so one is added to the last piece. Output that ends with more than 16 KiB without a newline looks the
   * same, and gets one too.
   */
  pass({ timestamp, bytes }: LogFrame): Buffer | undefined {
    this.#last = [timestamp, timestamp === this.#last[0] ? this.#last[1] + 1 : 1];
    const isWhole = bytes.at(-1) === newline[0];
    const endsBroken = this.#goesOn && bytes.length < pieceBytes && !isWhole;
    this.#goesOn = bytes.length === pieceBytes && !isWhole;
    if (!isAfter(this.#from, ...this.#last)) return undefined;
    this.mark = this.#last;
    return endsBroken ? Buffer.concat([bytes, newline]) : bytes;
  }
}

/** Turns the entries of a step's log into chunks, from a mark for each stream on. */
export class StepOutput {
  readonly #step: string;
  readonly #streams: Record<LogFrame['stream'], StreamPlace>;

  constructor(step: string, from: StepMarks) {
    this.#step = step;
    this.#streams = { stdout: new StreamPlace(from.stdout), stderr: new StreamPlace(from.stderr) };
  }

  take(frames: readonly LogFrame[]): OutputChunk[] {
    const chunks: OutputChunk[] = [];
    for (const frame of frames) {
      const { stream, timestamp } = frame;
      const bytes = this.#streams[stream].pass(frame);
      if (bytes === undefined || bytes.length === 0) continue;
      chunks.push({ time: Date.parse(timestamp), step: this.#step, stream, bytes });
    }
    return chunks;
  }

  /** The marks behind the last entry taken of each stream. */
  get marks(): StepMarks {
    const { stdout, stderr } = this.#streams;
    return { ...(stdout.mark && { stdout: stdout.mark }), ...(stderr.mark && { stderr: stderr.mark }) };
  }
}
