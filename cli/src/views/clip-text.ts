import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** Cuts a text without colors to a number of terminal columns. A cut text ends with the ellipsis. */
export function clipText(text: string, columns: number, ellipsis = '…'): string {
  if (stringWidth(text) <= columns) return text;
  let clipped = '';
  let width = stringWidth(ellipsis);
  if (width > columns) return '';
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) break;
    clipped += segment;
  }
  return clipped + ellipsis;
}

/** Pads a text without colors to a number of terminal columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/** What a cut text ends with. */
export const ellipsisOf = ({ unicode }: { unicode: boolean }): string => (unicode ? '…' : '..');
