/** A longer line is split; the pieces but the last have `newline: false`. In bytes, without the newline. */
export const maxLineBytes = 256 * 1024;

export interface SplitLine {
  /** Invalid UTF-8 is replaced by U+FFFD. */
  text: string;
  newline: boolean;
}

export interface SplitLines {
  lines: SplitLine[];
  /** How many of the bytes the lines account for; the rest is an unfinished line. */
  consumed: number;
}

const newlineByte = 0x0a;

/**
 * Splits output into lines. A last line without a newline stays unconsumed unless the output has `ended` or it is too
 * long. The caller keeps the bytes that were not consumed and puts them before those that come next.
 */
export function splitLines(bytes: Buffer, ended: boolean): SplitLines {
  const lines: SplitLine[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(newlineByte, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start > maxLineBytes) {
      const cut = characterBoundary(bytes, start, start + maxLineBytes);
      lines.push({ text: bytes.toString('utf8', start, cut), newline: false });
      start = cut;
    } else if (found < 0 && !ended) {
      break;
    } else {
      lines.push({ text: bytes.toString('utf8', start, end), newline: found >= 0 });
      start = found < 0 ? end : end + 1;
    }
  }
  return { lines, consumed: start };
}

/** The last place at or before `end` that is not inside a UTF-8 character; `end` if what is there is not UTF-8. */
function characterBoundary(bytes: Buffer, start: number, end: number): number {
  for (let place = end; place > start && place > end - 4; place -= 1) {
    if (((bytes[place] ?? 0) & 0xc0) !== 0x80) return place;
  }
  return end;
}
