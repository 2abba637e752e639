import { hashOf, type Automaton, type Window } from './automaton.js';
import { comparedAs, shortestHidden, spaceByte } from './patterns.js';
import { Places } from './places.js';

/** Looks for the patterns in one reading of the output. Bytes come one by one, each with its place. */
export class Matcher {
  readonly #automaton: Automaton;
  readonly #filter: Uint8Array;
  readonly #hashShift: number;
  readonly #places: Places;
  #node = 0;
  #window = 0;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    this.#filter = automaton.filter;
    this.#hashShift = automaton.hashShift;
    this.#places = new Places(() => this.#places.count - this.#known);
  }

  /** @returns how many of the last bytes, in the compared form, are a pattern; 0 if none */
  push(byte: number, place: number): number {
    const compared = comparedAs[byte]!;
    if (compared === spaceByte && (this.#window & 0xff) === spaceByte) return 0;
    const window = (this.#window << 8) | compared;
    this.#window = window;
    this.#places.add(place);
    const hash = hashOf(window, this.#hashShift);
    if (this.#node === 0 && (this.#filter[hash >> 3]! & (1 << (hash & 7))) === 0) return 0;
    this.#node = this.#automaton.step(this.#node, compared, window);
    return this.#automaton.found[this.#node]!;
  }

  /**
   * Takes consecutive bytes while no match begins and none of them is one of the `stops`, which include all white space
   * but the space.
   * @returns the index of the first byte that was not taken
   */
  skim(bytes: Uint8Array, from: number, start: number, stops: Uint8Array): number {
    if (this.#node !== 0) return from;
    const filter = this.#filter;
    const hashShift = this.#hashShift;
    const { length } = bytes;
    let window = this.#window;
    let index = from;
    for (; index < length; index += 1) {
      const byte = bytes[index]!;
      if (stops[byte] !== 0 || (byte === spaceByte && (window & 0xff) === spaceByte)) break;
      const next = (window << 8) | byte;
      const hash = hashOf(next, hashShift);
      if ((filter[hash >> 3]! & (1 << (hash & 7))) !== 0) break;
      window = next;
    }
    if (index === from) return from;
    this.#window = window;
    this.#places.addAll(start + from, index - from);
    return index;
  }

  /** Whether fewer than four bytes of any pattern have matched. */
  get isIdle(): boolean {
    return this.#node === 0;
  }

  /** The last four bytes. */
  get window(): Window {
    return this.#window;
  }

  /** Records that consecutive bytes came and no match began in them; `window` has the last four. */
  skimmed(window: Window, place: number, count: number): void {
    this.#window = window;
    this.#places.addAll(place, count);
  }

  /** Starts anew: the bytes from this place on do not continue the previous ones. */
  restart(place: number): void {
    this.#node = 0;
    this.#window = 0;
    this.#places.restart(place);
  }

  /** Starts anew, at a place that is not yet known. */
  stop(): void {
    this.#node = 0;
    this.#window = 0;
  }

  /** The place of the oldest byte whose place may be needed. */
  get oldest(): number {
    return this.placeOf(this.#known);
  }

  /** The place of one of the last bytes; 1 is the newest. Known for the depth of the node, and for the last four. */
  placeOf(back: number): number {
    return this.#places.at(this.#places.count - back);
  }

  /** The start of four bytes or more that may begin a pattern; undefined if there is none. */
  get openFrom(): number | undefined {
    const open = this.#automaton.open[this.#node]!;
    return open === 0 ? undefined : this.placeOf(open);
  }

  /** Copies the state of another matcher. */
  follow(other: Matcher): void {
    this.#node = other.#node;
    this.#window = other.#window;
    this.#places.follow(other.#places, other.#places.count - this.#known);
  }

  /** Whether both will find the same from now on, at the same places. */
  equals(other: Matcher): boolean {
    return this.#node === other.#node && this.#window === other.#window && this.oldest === other.oldest;
  }

  /** For how many of the last bytes the place is known. */
  get #known(): number {
    return Math.max(shortestHidden, this.#automaton.depth[this.#node]!);
  }
}
