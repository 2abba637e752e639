import type { Automaton } from './automaton.js';
import { Matcher } from './matcher.js';
import { Places } from './places.js';
import type { Ranges } from './ranges.js';

/** Shorter rests are read digit by digit. */
const worthSkimming = 8;

/**
 * A run of digits of some encoding, read as bytes in several phases at once, since the start of a text within them is
 * unknown. A digit has an index within the output, and a place, which differs after line breaks.
 */
export abstract class DigitRun {
  protected readonly matchers: readonly Matcher[];
  readonly #ranges: Ranges;
  readonly #places = new Places(() => this.#oldest());
  readonly #shortest: number;
  /** The first digits of a run that is still too short. */
  readonly #head: Uint8Array;
  #length = 0;

  /**
   * @param phases the number of ways to read the digits
   * @param shortest the shortest run that can hold four bytes
   */
  constructor(automaton: Automaton, ranges: Ranges, phases: number, shortest: number) {
    this.#ranges = ranges;
    this.#shortest = shortest;
    this.#head = new Uint8Array(shortest);
    this.matchers = Array.from({ length: phases }, () => new Matcher(automaton));
  }

  /** The place where an unfinished match may begin. */
  get openFrom(): number | undefined {
    let from: number | undefined;
    for (const [phase, matcher] of this.matchers.entries()) {
      const open = matcher.openFrom;
      if (open !== undefined) from = Math.min(from ?? Infinity, this.#places.at(this.firstDigit(phase, open)));
    }
    return from;
  }

  /** Whether the run, with so many more digits, is long enough to hold anything. */
  protected canBe(more: number): boolean {
    return this.#length + more >= this.#shortest;
  }

  /** Takes the bytes from one index to another (exclusive), all of them digits. */
  protected digits(bytes: Uint8Array, from: number, to: number, start: number, values: Uint8Array): void {
    for (let index = from; index < to; index += 1) {
      if (to - index >= worthSkimming && this.#length >= this.#shortest) {
        const skimmed = this.skim(bytes, index, to, this.#places.count);
        if (skimmed > 0) {
          this.#places.addAll(start + index, skimmed);
          this.#length += skimmed;
          index += skimmed;
          if (index === to) return;
        }
      }
      this.#digit(values[bytes[index]!]!, start + index);
    }
  }

  /**
   * Reads digits of a long enough run while no match begins in any phase, and returns how many.
   * @param at the index of the first one
   */
  protected skim(_bytes: Uint8Array, _from: number, _to: number, _at: number): number {
    return 0;
  }

  #digit(value: number, place: number): void {
    if (this.#length === 0) this.#places.restart(place);
    const at = this.#places.count;
    this.#places.add(place);
    this.#length += 1;
    if (this.#length > this.#shortest) return this.read(value, at, this.#length, place);
    this.#head[this.#length - 1] = value;
    if (this.#length < this.#shortest) return;
    const from = at - this.#length + 1;
    const { matchers } = this;
    for (let phase = 0; phase < matchers.length; phase += 1) matchers[phase]!.restart(this.firstByte(phase, from));
    for (let index = 0; index < this.#length; index += 1) this.read(this.#head[index]!, from + index, index + 1, place);
  }

  protected endRun(): void {
    if (this.#length === 0) return;
    if (this.#length >= this.#shortest)
      for (let phase = 0; phase < this.matchers.length; phase += 1) this.matchers[phase]!.stop();
    this.#length = 0;
  }

  /** Takes a byte with its number in this phase; its last digit is at this place. */
  protected byte(phase: number, byte: number, number: number, place: number): void {
    const matcher = this.matchers[phase]!;
    const length = matcher.push(byte, number);
    if (length === 0) return;
    this.#ranges.add(this.#places.at(this.firstDigit(phase, matcher.placeOf(length))), place + 1);
  }

  /** Takes a digit: its value, its index, the number of digits read of the run including it, and its place. */
  protected abstract read(value: number, at: number, length: number, place: number): void;

  /** The number of the first byte in this phase, for a run that begins at this index. */
  protected abstract firstByte(phase: number, from: number): number;

  /** The index of the first digit of a byte. */
  protected abstract firstDigit(phase: number, number: number): number;

  #oldest(): number {
    if (this.#length < this.#shortest) return this.#places.count - this.#length;
    return Math.min(...this.matchers.map((matcher, phase) => this.firstDigit(phase, matcher.oldest)));
  }
}
