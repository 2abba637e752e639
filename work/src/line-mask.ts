import type { LogLine } from '@chainr/core/model/records';
import type { Mask } from './mask.js';

/** Hides secrets in the lines of a log as they are read, also where one is split between the pieces of a long line. */
export class LineMask {
  readonly #mask: Mask;
  readonly #fromBeginning: boolean;
  /** By step and stream: the end of a line that goes on, or '' after one that has ended. */
  readonly #ends = new Map<string, string>();

  /** @param fromBeginning of the output; else what was read before, perhaps by another worker, is not known. */
  constructor(mask: Mask, fromBeginning: boolean) {
    this.#mask = mask;
    this.#fromBeginning = fromBeginning;
  }

  /** Lines that may be stored. To be called with all lines, in their order. */
  lines(lines: readonly LogLine[]): readonly LogLine[] {
    return this.#mask.isEmpty ? lines : lines.map((line) => this.#line(line));
  }

  #line(line: LogLine): LogLine {
    const { step, stream, text, newline } = line;
    const place = `${step} ${stream}`;
    const before = this.#ends.get(place) ?? (this.#fromBeginning ? '' : undefined);
    const { memory } = this.#mask;
    this.#ends.set(place, newline || memory === 0 ? '' : ((before ?? '') + text).slice(-memory));
    return { ...line, text: this.#mask.piece(text, before, !newline) };
  }
}
