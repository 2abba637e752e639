import stringWidth from 'string-width';
import { clipText, ellipsisOf } from './clip-text.js';
import { formatTable, type Cell } from './format-table.js';
import { printable } from './paint.js';
import type { Terminal } from '../terminal/terminal.js';

type Row = readonly (Cell | string)[];

/**
 * Adds titles as the last column of a table, cut to the width of the terminal. Returns the table unchanged if there are
 * none.
 *
 * @param table the head, and one row per title
 */
export function addTitles(
  table: readonly Row[],
  titles: readonly (string | undefined)[],
  { screen, unicode }: Pick<Terminal, 'screen' | 'unicode'>,
): readonly Row[] {
  if (titles.every((title) => title === undefined)) return table;
  const plain = table.map((row) => [...row.map((cell) => (typeof cell === 'string' ? cell : cell.text)), '|']);
  const taken = stringWidth(formatTable(plain)[0] ?? '');
  const clip = (text: string): string =>
    screen ? clipText(text, Math.max(0, screen.columns - taken), ellipsisOf({ unicode })) : text;
  return table.map((row, at) => [...row, clip(at === 0 ? 'TITLE' : printable(titles[at - 1] ?? ''))]);
}
