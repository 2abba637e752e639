import { disorderMs, nanosOf, type Mark } from './log-position.js';

/** At most so many bytes are held: far more than lines that are out of order have. */
const mostHeldBytes = 1024 * 1024;

/** A line of a log: its time, its number among the lines of that time, and how many bytes of it have come. */
export interface Line {
  timestamp: string;
  ordinal: number;
  bytes: number;
}

/**
 * Looks for the line of a mark in a log that comes again. Lines are not strictly in the order of their times, so a line of
 * a later time may stand before it: such lines are held until it has come.
 */
export class MarkSearch {
  readonly timestamp: string;
  /** How many bytes of the line of the mark were read. */
  readonly bytes: number;
  readonly #nanos: bigint;
  readonly #ordinal: number;
  #held: { line: Line; bytes: Buffer; isWhole: boolean }[] = [];
  #heldBytes = 0;

  constructor([timestamp, ordinal, bytes = Infinity]: Mark) {
    this.timestamp = timestamp;
    this.bytes = bytes;
    this.#nanos = nanosOf(timestamp);
    this.#ordinal = ordinal;
  }

  get time(): number {
    return Date.parse(this.timestamp);
  }

  get held(): readonly { line: Line; bytes: Buffer; isWhole: boolean }[] {
    return this.#held;
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  /**
   * @return `mark`: this is the line; `before`: it was read before; `later`: it must be held; `behind`: so much later that the
   * line of the mark will not come
   */
  meet(nanos: bigint, ordinal: number): 'mark' | 'before' | 'later' | 'behind' {
    if (nanos === this.#nanos && ordinal === this.#ordinal) return 'mark';
    if (nanos <= this.#nanos) return 'before';
    return nanos - this.#nanos <= BigInt(disorderMs) * 1_000_000n ? 'later' : 'behind';
  }

  /** @return whether there is room for more */
  hold(line: Line, bytes: Buffer, isWhole: boolean): boolean {
    this.#held.push({ line, bytes, isWhole });
    this.#heldBytes += bytes.length;
    return this.#heldBytes < mostHeldBytes;
  }
}
