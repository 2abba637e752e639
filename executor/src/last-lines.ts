export const linesShown = 20;
/** A message has room for 2,000 characters. */
const charactersShown = 1_600;
const lineCharacters = 200;

/**
 * The last lines of a text, as the end of a message. The first of many are left out, and a long line is never cut: a part
 * of a secret in it would not be found by the mask.
 */
export function showLastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '').slice(-linesShown); // prettier-ignore
  const shown = lines.map((line) =>
    line.length > lineCharacters ? `(a line of ${line.length} characters, see the log)` : line,
  );
  while (shown.join('\n').length > charactersShown) shown.shift();
  return shown.length === 0 ? 'It wrote nothing.' : `Its last lines:\n${shown.join('\n')}`;
}
