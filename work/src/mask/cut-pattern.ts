import { comparedAs, shortestHidden, spaceByte } from './patterns.js';

/**
 * How many bytes of a text are the end of a pattern, four of its bytes or more, as they are where somebody else has
 * told its beginning; 0 where none are. By the failure function of Knuth, Morris and Pratt ("Fast pattern matching in
 * strings", 1977) for the text, so that it costs as much as text and patterns are long.
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

/** The first bytes of a text as they are compared, and where each ends in it. */
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

/** By index: how many bytes up to it are the beginning of the text too, less than all. */
function failuresOf(bytes: readonly number[]): number[] {
  const failures = [0];
  for (let index = 1, matched = 0; index < bytes.length; index += 1) {
    while (matched > 0 && bytes[matched] !== bytes[index]) matched = failures[matched - 1]!;
    if (bytes[matched] === bytes[index]) matched += 1;
    failures.push(matched);
  }
  return failures;
}
