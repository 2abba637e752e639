import type { Automaton } from './automaton.js';
import { Matcher } from './matcher.js';
import type { Ranges } from './ranges.js';

/**
 * What a byte does to an escape sequence: `more` must follow, it is `done`, it was done `before` this byte, or it is
 * `none` and its bytes stand for themselves.
 */
export type Verdict = 'more' | 'done' | 'before' | 'none';

/** A reading of the output in which escape sequences are decoded. */
export abstract class Decoder {
  readonly matcher: Matcher;
  readonly #ranges: Ranges;
  /** The bytes of an unfinished sequence, and the place of each. */
  #sequence: number[] = [];
  #places: number[] = [];

  constructor(automaton: Automaton, ranges: Ranges) {
    this.matcher = new Matcher(automaton);
    this.#ranges = ranges;
  }

  /** Whether a sequence is unfinished. */
  get waits(): boolean {
    return this.#sequence.length > 0;
  }

  /** Takes the next byte of the output, at this place. */
  feed(byte: number, at: number): void {
    const sequence = this.#sequence;
    if (sequence.length === 0 && !this.begins(byte)) return this.#push(byte, at, at + 1);
    const verdict = sequence.length === 0 ? 'more' : this.read(sequence, byte);
    if (verdict === 'none') {
      const places = this.#places;
      this.forget();
      this.#push(sequence[0]!, places[0]!, places[0]! + 1);
      for (let index = 1; index < sequence.length; index += 1) this.feed(sequence[index]!, places[index]!);
      return this.feed(byte, at);
    }
    if (verdict !== 'before') {
      sequence.push(byte);
      this.#places.push(at);
    }
    if (verdict === 'more') return;
    const [from, to] = [this.#places[0]!, this.#places.at(-1)! + 1];
    this.forget();
    for (const meant of this.meaning(sequence)) this.#push(meant, from, to);
    if (verdict === 'before') this.feed(byte, at);
  }

  /** Drops an unfinished sequence. */
  forget(): void {
    if (this.#sequence.length === 0) return;
    this.#sequence = [];
    this.#places = [];
  }

  /** Whether a sequence may begin with this byte. */
  protected abstract begins(byte: number): boolean;

  /** What a byte does to an unfinished sequence. */
  protected abstract read(sequence: readonly number[], byte: number): Verdict;

  /** The bytes that a complete sequence stands for. */
  protected abstract meaning(sequence: readonly number[]): Iterable<number>;

  #push(byte: number, from: number, to: number): void {
    const length = this.matcher.push(byte, from);
    if (length !== 0) this.#ranges.add(this.matcher.placeOf(length), to);
  }
}

export const byteOf = (character: string): number => character.charCodeAt(0);

export const isHexDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

export const textOf = (bytes: readonly number[]): string => String.fromCharCode(...bytes);

/** A character in UTF-8. */
export const utf8Of = (code: number): Iterable<number> =>
  Buffer.from(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
