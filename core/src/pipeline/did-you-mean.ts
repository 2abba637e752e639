import { closest, distance } from 'fastest-levenshtein';

/** Longer words are not compared: a comparison costs the product of both lengths. */
const longestWord = 64;
/** The most comparisons for one document. Comparing two words of the longest length takes some microseconds. */
const comparisonsMost = 30_000;

/** The known word nearest to `word`; undefined if none is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  // Every word is near to one of one or two letters.
  const allowed = word.length < 3 ? 0 : Math.ceil(word.length / 3);
  const near = known.filter((candidate) => Math.abs(candidate.length - word.length) <= allowed);
  if (near.length === 0) return undefined;
  const best = closest(word, near);
  return distance(word.toLowerCase(), best.toLowerCase()) <= allowed ? best : undefined;
}

/** `, did you mean "x"?`, or nothing: the end of a sentence about an unknown word. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? '' : `, did you mean ${JSON.stringify(meant)}?`;
}

/**
 * Suggestions for the unknown words of one document, within a cost limit: a hundred unknown among ten thousand known
 * words would take seconds.
 */
export class Suggestions {
  readonly #known: readonly string[];
  #left = comparisonsMost;

  constructor(known: readonly string[]) {
    this.#known = known;
  }

  of(word: string): string {
    this.#left -= this.#known.length;
    return this.#left < 0 ? '' : suggestion(word, this.#known);
  }
}
