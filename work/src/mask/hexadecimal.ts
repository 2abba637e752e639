import type { Automaton } from './automaton.js';
import { DigitRun } from './digit-run.js';
import type { Ranges } from './ranges.js';

const [other, separator] = [16, 17];

/** By byte: its four bits (RFC 4648, 8, in either case), or one of the above. */
const fourBitsOf: Uint8Array = new Uint8Array(256).fill(other);
for (const digits of ['0123456789abcdef', '0123456789ABCDEF']) {
  for (const [value, character] of Array.from(digits).entries()) fourBitsOf[character.charCodeAt(0)] = value;
}
for (const character of '\n\r\t :') fourBitsOf[character.charCodeAt(0)] = separator;

/** The digits of four bytes. */
const shortestRun = 8;

/**
 * Reads the output as hexadecimal digits, two a byte, with line breaks at any width (`xxd -p`: 60 characters), with or
 * without spaces (`od -An -tx1`) and colons (OpenSSL) between them.
 */
export class HexadecimalReading extends DigitRun {
  #before = 0;

  constructor(automaton: Automaton, ranges: Ranges) {
    super(automaton, ranges, 2, shortestRun);
  }

  /** @param start the place of the first byte */
  scan(bytes: Uint8Array, start: number): void {
    const { length } = bytes;
    let index = 0;
    while (index < length) {
      let end = index;
      while (end < length && fourBitsOf[bytes[end]!]! < other) end += 1;
      const what = end < length ? fourBitsOf[bytes[end]!]! : separator;
      if (what === separator || this.canBe(end - index)) this.digits(bytes, index, end, start, fourBitsOf);
      if (what !== separator) this.endRun();
      index = end + 1;
    }
  }

  protected read(value: number, at: number, length: number, place: number): void {
    const phase = (at - 1) & 1;
    if (length > 1) this.byte(phase, (this.#before << 4) | value, (at - 1 - phase) / 2, place);
    this.#before = value;
  }

  protected firstByte(phase: number, from: number): number {
    return (from + ((from - phase) & 1) - phase) / 2;
  }

  protected firstDigit(phase: number, number: number): number {
    return phase + 2 * number;
  }
}
