import stringWidth from 'string-width';
import { padText } from './clip-text.js';

/** A cell of a table. `paint` colors its text after it was padded. */
export interface Cell {
  text: string;
  paint: (text: string) => string;
}

/** Lines with aligned columns, two spaces apart. The last column is not padded. */
export function formatTable(rows: readonly (readonly (Cell | string)[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, stringWidth(textOf(cell)))));
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const padded = at === row.length - 1 ? textOf(cell) : padText(textOf(cell), widths[at] ?? 0);
        return typeof cell === 'string' ? padded : cell.paint(padded);
      })
      .join('  ')
      .trimEnd(),
  );
}

const textOf = (cell: Cell | string): string => (typeof cell === 'string' ? cell : cell.text);
