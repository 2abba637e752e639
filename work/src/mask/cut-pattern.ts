import { comparedAs, shortestHidden, spaceByte } from './patterns.js';

/**
 * How many leading bytes of a text are the end of a pattern, at least four of its bytes, since another worker may have
 * read the beginning; 0 if none. Uses the failure function of Knuth, Morris and Pratt ("Fast pattern matching in
 * strings", 1977) on the text, so it is linear in text and patterns.
 */
export function lengthOfEnd(patterns: readonly Uint8Array[], text: Uint8Array): number {
  const longest = patterns.reduce((most, { length }) => Math.max(most, length - 1), 0);
  const { bytes, ends } = compressedBegin(text, longest);
  const shorter = failuresOf(bytes);
  let most = 0;
  for (const pattern of patterns) {
    let matched = 0;
    for (const byte of pattern.subarray(1)) {
      while (matched > 0 && (matched === bytes.length || bytes[matched] !== byte)) matched = shorter[matched - 1]!;
      if (bytes[matched] === byte) matched += 1;
    }
    most = Math.max(most, matched);
  }
  return most < shortestHidden ? 0 : ends[most - 1]!;
}

/** The first bytes of a text in the compared form, and where each ends in the text. */
function compressedBegin(text: Uint8Array, most: number): { bytes: number[]; ends: number[] } {
  const bytes: number[] = [];
  const ends: number[] = [];
  for (let index = 0; index < text.length && bytes.length < most; index += 1) {
    const compared = comparedAs[text[index]!]!;
    if (compared === spaceByte && bytes.at(-1) === spaceByte) continue;
    bytes.push(compared);
    ends.push(index + 1);
  }
  return { bytes, ends };
}

/** By index: the length of the longest proper border of the text up to it. */
function failuresOf(bytes: readonly number[]): number[] {
  const failures = [0];
  for (let index = 1, matched = 0; index < bytes.length; index += 1) {
    while (matched > 0 && bytes[matched] !== bytes[index]) matched = failures[matched - 1]!;
    if (bytes[matched] === bytes[index]) matched += 1;
    failures.push(matched);
  }
  return failures;
}
