import { closest, distance } from 'fastest-levenshtein';

/** Longer words are not compared: the comparison costs the product of both lengths. */
const longestWord = 64;

/** The known word that `word` most likely stands for; undefined where none is near. */
function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  // Of one or two letters everything is near everything.
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
