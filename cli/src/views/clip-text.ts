import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** A text without colors in at most so many columns of a terminal; what was cut ends in `…`, or `.` in ASCII. */
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
