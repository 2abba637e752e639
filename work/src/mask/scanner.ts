import type { Automaton } from './automaton.js';
import { Base64Reading } from './base64.js';
import type { Decoder } from './decoder.js';
import { BackslashEscapes, Entities, PercentEncoding, ShellQuotes, UnfoldedText } from './decoders.js';
import { lengthOfEnd } from './cut-pattern.js';
import { HexadecimalReading } from './hexadecimal.js';
import { Matcher } from './matcher.js';
import { comparedAs } from './patterns.js';
import { Ranges } from './ranges.js';

/** A break after a shorter line does not count as folding: numbers in a column are not one number. */
const narrowestFoldBytes = 8;

const newlineByte = 0x0a;

/** By byte: the decoders, as bits, that start to read on their own at it. */
const wakes: Uint8Array = new Uint8Array(256);
const unfolding = 1;
for (const [order, bytes] of ['\n\r', '%', '\\', "'", '&'].entries()) {
  for (const byte of Buffer.from(bytes)) wakes[byte] = 1 << order;
}
/** Those bytes, and all white space but the space. */
const stops: Uint8Array = wakes.map((decoders, byte) => (comparedAs[byte] === byte ? decoders : 1));

/**
 * Finds secrets in a sequence of bytes that comes in pieces, in all its readings at once: plain, base64, hexadecimal,
 * and decoded in several ways. Secrets are compared as bytes of these readings, so it does not matter which variant an
 * encoder has chosen, or what surrounds them.
 * A decoder follows the plain reading until a character comes that it reads differently, and again some bytes later. It
 * costs something only in between.
 */
export class Scanner {
  readonly #cutPatterns: readonly Uint8Array[];
  readonly #ranges = new Ranges();
  readonly #text: Matcher;
  readonly #decoders: readonly Decoder[];
  readonly #runs: readonly (Base64Reading | HexadecimalReading)[];
  /** The decoders that read on their own, as bits. */
  #awake = 0;
  #length = 0;
  #lineFrom = 0;

  /**
   * @param cutPatterns patterns of which the sequence may begin with an end, since it is not the beginning of the
   * output
   */
  constructor(automaton: Automaton, cutPatterns: readonly Uint8Array[]) {
    this.#cutPatterns = cutPatterns;
    this.#text = new Matcher(automaton);
    this.#decoders = [UnfoldedText, PercentEncoding, BackslashEscapes, ShellQuotes, Entities].map(
      (Reading) => new Reading(automaton, this.#ranges),
    );
    this.#runs = [new Base64Reading(automaton, this.#ranges), new HexadecimalReading(automaton, this.#ranges)];
  }

  /** How many bytes were read. */
  get length(): number {
    return this.#length;
  }

  /** The matches so far that end behind a place; earlier ones are dropped. */
  foundFrom(place: number): ReturnType<Ranges['sortedFrom']> {
    return this.#ranges.sortedFrom(place);
  }

  scan(bytes: Uint8Array): void {
    const start = this.#length;
    const cut = start === 0 ? lengthOfEnd(this.#cutPatterns, bytes) : 0;
    if (cut > 0) this.#ranges.add(0, cut);
    this.#scanText(bytes, start);
    for (const run of this.#runs) run.scan(bytes, start);
    this.#length = start + bytes.length;
  }

  /** The place from which a secret may have begun; undefined if none may. */
  get openFrom(): number | undefined {
    return least([this.#textOpenFrom, ...this.#runs.map(({ openFrom }) => openFrom)]);
  }

  /**
   * Covers what may be the beginning of a secret, since nothing follows that could tell. Complete lines of text are
   * left: they match a part of a secret by chance.
   */
  coverOpen(): void {
    const isWholeLine = this.#lineFrom === this.#length;
    const from = least([isWholeLine ? undefined : this.#textOpenFrom, ...this.#runs.map(({ openFrom }) => openFrom)]);
    if (from !== undefined) this.#ranges.add(from, this.#length);
  }

  get #textOpenFrom(): number | undefined {
    const awake = this.#decoders.filter((_, order) => (this.#awake & (1 << order)) !== 0);
    return least([this.#text, ...awake.map(({ matcher }) => matcher)].map(({ openFrom }) => openFrom));
  }

  #scanText(bytes: Uint8Array, start: number): void {
    const text = this.#text;
    const { length } = bytes;
    for (let index = 0; index < length; index += 1) {
      if (this.#awake === 0) {
        index = text.skim(bytes, index, start, stops);
        if (index === length) return;
      }
      const byte = bytes[index]!;
      if ((wakes[byte]! | this.#awake) !== 0) this.#decode(byte, start + index);
      const found = text.push(byte, start + index);
      if (found !== 0) this.#ranges.add(text.placeOf(found), start + index + 1);
      if (this.#awake !== 0) this.#settle();
    }
  }

  /** Called before the plain reading takes a byte. */
  #decode(byte: number, at: number): void {
    if (byte === newlineByte) {
      const width = at - this.#lineFrom;
      this.#lineFrom = at + 1;
      if (width < narrowestFoldBytes) return this.#sleep();
    }
    const waking = wakes[byte]! & ~this.#awake;
    if (waking !== 0) this.#wake(waking);
    if (wakes[byte] === unfolding) return;
    for (let order = 0; order < this.#decoders.length; order += 1) {
      if ((this.#awake & (1 << order)) !== 0) this.#decoders[order]!.feed(byte, at);
    }
  }

  #wake(waking: number): void {
    for (let order = 0; order < this.#decoders.length; order += 1) {
      if ((waking & (1 << order)) !== 0) this.#decoders[order]!.matcher.follow(this.#followed(order));
    }
    this.#awake |= waking;
  }

  /** A decoder that reads the same as another stops reading on its own. */
  #settle(): void {
    for (let order = 0; order < this.#decoders.length; order += 1) {
      if ((this.#awake & (1 << order)) === 0) continue;
      const { waits, matcher } = this.#decoders[order]!;
      if (!waits && matcher.equals(this.#followed(order))) this.#awake &= ~(1 << order);
    }
  }

  #sleep(): void {
    if (this.#awake === 0) return;
    for (const decoder of this.#decoders) decoder.forget();
    this.#awake = 0;
  }

  /** What a decoder follows while nothing is escaped: the unfolded text, which is mostly the plain one. */
  #followed(order: number): Matcher {
    const isUnfolded = order > 0 && (this.#awake & unfolding) !== 0;
    return isUnfolded ? this.#decoders[0]!.matcher : this.#text;
  }
}

function least(places: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const place of places) if (place !== undefined && (first === undefined || place < first)) first = place;
  return first;
}
