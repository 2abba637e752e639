import { hashOf, type Automaton, type Window } from './automaton.js';
import { DigitRun } from './digit-run.js';
import { comparedAs, spaceByte } from './patterns.js';
import type { Ranges } from './ranges.js';

const [other, lineBreak, padding] = [64, 65, 66];

/** By byte: its six bits in the alphabets of RFC 4648, 4 and 5 (`+/` and `-_`), or one of the above. */
const sixBitsOf: Uint8Array = new Uint8Array(256).fill(other);
for (const last of ['+/', '-_']) {
  const alphabet = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
  for (const [value, character] of Array.from(alphabet).entries()) sixBitsOf[character.charCodeAt(0)] = value;
}
sixBitsOf[0x0a] = sixBitsOf[0x0d] = lineBreak;
sixBitsOf[0x3d] = padding;

/** Four bytes that begin in the middle of a group need six digits. */
const shortestRun = 6;

/**
 * Reads the output as base64, with line breaks at any width (RFC 2045, 6.8: 76 characters; PEM: 64). A match reaches
 * from the digit with the first bits of its first byte to the one with the last bits of its last byte, and includes the
 * padding.
 */
export class Base64Reading extends DigitRun {
  readonly #automaton: Automaton;
  readonly #found: Ranges;
  /** The end of the last digit, or of the padding behind it. */
  #runTo = 0;
  /** The last four digits. */
  #bits = 0;

  constructor(automaton: Automaton, ranges: Ranges) {
    super(automaton, ranges, 4, shortestRun);
    this.#automaton = automaton;
    this.#found = ranges;
  }

  /** @param start the place of the first byte. */
  scan(bytes: Uint8Array, start: number): void {
    const { length } = bytes;
    let index = 0;
    while (index < length) {
      let end = index;
      while (end < length && sixBitsOf[bytes[end]!]! < other) end += 1;
      const what = end < length ? sixBitsOf[bytes[end]!]! : lineBreak;
      if (what === lineBreak || this.canBe(end - index)) this.digits(bytes, index, end, start, sixBitsOf);
      if (end > index) this.#runTo = start + end;
      if (what === padding) {
        this.#found.extend(this.#runTo, start + end + 1);
        this.#runTo = start + end + 1;
      }
      if (what !== lineBreak) this.endRun();
      index = end + 1;
    }
  }

  protected override skim(bytes: Uint8Array, from: number, to: number, at: number): number {
    const { matchers } = this;
    for (let phase = 0; phase < matchers.length; phase += 1) if (!matchers[phase]!.isIdle) return 0;
    const { filter, hashShift } = this.#automaton;
    // The group that began one digit back, and so on. At every fourth digit a reading begins a new group.
    let first = matchers[(at - 1) & 3]!.window;
    let second = matchers[(at - 2) & 3]!.window;
    let third = matchers[(at - 3) & 3]!.window;
    let fourth = matchers[(at - 4) & 3]!.window;
    let bits = this.#bits;
    let index = from;
    for (; index < to; index += 1) {
      const next = ((bits << 6) | sixBitsOf[bytes[index]!]!) & 0xffffff;
      const one = (next >> 4) & 0xff;
      const two = (next >> 2) & 0xff;
      const three = next & 0xff;
      if (comparedAs[one] === spaceByte || comparedAs[two] === spaceByte || comparedAs[three] === spaceByte) break;
      const nextOne = (first << 8) | one;
      const nextTwo = (second << 8) | two;
      const nextThree = (third << 8) | three;
      const a = hashOf(nextOne, hashShift);
      const b = hashOf(nextTwo, hashShift);
      const c = hashOf(nextThree, hashShift);
      if (((filter[a >> 3]! >> (a & 7)) | (filter[b >> 3]! >> (b & 7)) | (filter[c >> 3]! >> (c & 7))) & 1) break;
      bits = next;
      first = fourth;
      second = nextOne;
      fourth = nextThree;
      third = nextTwo;
    }
    const count = index - from;
    if (count === 0) return 0;
    this.#bits = bits;
    this.#skimmed(at + count - 1, count, at, first);
    this.#skimmed(at + count - 2, count, at, second);
    this.#skimmed(at + count - 3, count, at, third);
    this.#skimmed(at + count - 4, count, at, fourth);
    return count;
  }

  #skimmed(at: number, count: number, from: number, window: Window): void {
    const phase = at & 3;
    const groupIn = (phase - from) & 3;
    const taken = count - Math.floor((count + 3 - groupIn) / 4);
    const begin = groupIn === 0 ? from + 1 : from;
    if (taken > 0) this.matchers[phase]!.skimmed(window, byteAt(phase, begin, (begin - phase) & 3), taken);
  }

  protected read(value: number, at: number, length: number, place: number): void {
    const bits = ((this.#bits << 6) | value) & 0xffffff;
    this.#bits = bits;
    for (let digit = 1; digit <= 3 && digit < length; digit += 1) {
      const phase = (at - digit) & 3;
      this.byte(phase, (bits >> (6 - 2 * digit)) & 0xff, byteAt(phase, at, digit), place);
    }
  }

  protected firstByte(phase: number, from: number): number {
    return byteAt(phase, from + ((phase - from) & 3) + 1, 1);
  }

  protected firstDigit(phase: number, number: number): number {
    const group = Math.floor(number / 3);
    return phase + group + number;
  }
}

/** The number of the byte that ends with this digit, the 2nd to 4th (1 to 3) of its group. */
const byteAt = (phase: number, at: number, digit: number): number => ((at - digit - phase) / 4) * 3 + digit - 1;
