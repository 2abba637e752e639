/** Shorter values, and shorter lines of values, in characters, are not hidden: they would be found everywhere. */
export const shortestHidden = 4;

export const spaceByte = 0x20;

/**
 * By byte: the form in which it is compared. All white space is compared as a space, since shells that split words,
 * terminals and printers that indent change it. So is `+`, which is a space in a query and itself in other parts of a
 * URL.
 */
export const comparedAs: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  '\t\n\v\f\r +'.includes(String.fromCharCode(byte)) ? spaceByte : byte,
);

/**
 * The patterns of a secret: its value, and each line of it, in UTF-8 and in the compared form, with runs of white space
 * as one space and none at the ends.
 */
export function patternsOf(value: string): Buffer[] {
  const texts = [value, ...value.split(/[\r\n]+/)].map((text) => text.trim());
  return texts
    .filter((text) => Array.from(text.slice(0, 2 * shortestHidden)).length >= shortestHidden)
    .map((text) => compressed(Buffer.from(text)))
    .filter(({ length }) => length >= shortestHidden);
}

function compressed(bytes: Buffer): Buffer {
  const found = Buffer.alloc(bytes.length);
  let length = 0;
  for (const byte of bytes) {
    const compared = comparedAs[byte] ?? byte;
    if (compared === spaceByte && found[length - 1] === spaceByte) continue;
    found[length] = compared;
    length += 1;
  }
  return found.subarray(0, length);
}
