/** A way to encode a text that says which bytes of the result come from a part of it. */
export interface Encoding {
  readonly name: string;
  /** Whether the result may be broken into lines of any width. */
  readonly foldsAnywhere: boolean;
  encode(before: string, part: string, after: string): Encoded;
}

export interface Encoded {
  text: Buffer;
  /** The bytes of the text that reveal something of the part. */
  from: number;
  to: number;
}

const digits = (encoding: 'base64' | 'base64url' | 'hex', bitsOfDigit: number, isUpper = false): Encoding => ({
  name: isUpper ? `upper-case ${encoding}` : encoding,
  foldsAnywhere: true,
  encode(before, part, after) {
    const written = Buffer.from(before + part + after).toString(encoding);
    const text = Buffer.from(isUpper ? written.toUpperCase() : written);
    const start = Buffer.byteLength(before) * 8;
    const to = Math.ceil((start + Buffer.byteLength(part) * 8) / bitsOfDigit);
    // Padding right after the part reveals its length.
    return { text, from: Math.floor(start / bitsOfDigit), to: text[to] === 0x3d ? text.length : to };
  },
});

const byPart = (name: string, encode: (text: string) => string, foldsAnywhere = false): Encoding => ({
  name,
  foldsAnywhere,
  encode(before, part, after) {
    const [first, second, third] = [before, part, after].map((text) => Buffer.from(encode(text)));
    const text = Buffer.concat([first!, second!, third!]);
    return { text, from: first!.length, to: first!.length + second!.length };
  },
});

/** Escapes all bytes but the plain ones. */
const escaped = (text: string, plain: RegExp, escape: (byte: number) => string): string =>
  [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return byte < 0x80 && plain.test(character) ? character : escape(byte);
  }).join(''); // prettier-ignore
const hex = (code: number, length: number): string => code.toString(16).padStart(length, '0');
const percent = (byte: number): string => `%${hex(byte, 2).toUpperCase()}`;
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
/** Escapes UTF-16 units, as JSON does. */
const units = (text: string, which: RegExp): string =>
  text.replaceAll(which, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);
const entities = (text: string, entity: (character: string) => string): string => text.replaceAll(/[&<>"']/g, entity);
const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

export const encodings: readonly Encoding[] = [
  byPart('as it is', (text) => text),
  digits('base64', 6),
  digits('base64url', 6),
  digits('hex', 4),
  digits('hex', 4, true),
  byPart('encodeURIComponent', encodeURIComponent),
  byPart('encodeURI', encodeURI),
  byPart('RFC 3986, unreserved only', (text) => escaped(text, /[\w.~-]/, percent)),
  byPart('quote of Python, which keeps the slash', (text) => escaped(text, /[\w.~/-]/, percent)),
  byPart('lower-case percent', (text) => escaped(text, /[\w.~-]/, (byte) => percent(byte).toLowerCase())),
  byPart('a form, with + for a space', (text) => escaped(text, /[\w*.-]/, percent).replaceAll('%20', '+')),
  byPart('JSON', json),
  byPart('JSON in ASCII', (text) => units(json(text), /[^\0-\x7f]/g)),
  byPart('JSON as Go writes it', (text) => units(json(text), /[<>&]/g)),
  byPart('JSON as PHP writes it', (text) => units(json(text), /[^\0-\x7f]/g).replaceAll('/', '\\/')),
  byPart('$\'…\' in octal', (text) => escaped(text.replaceAll(/[\\']/g, '\\$&'), /./, (byte) => `\\${byte.toString(8).padStart(3, '0')}`)), // prettier-ignore
  byPart('bytes of Python', (text) => escaped(text.replaceAll(/[\\']/g, '\\$&'), /./, (byte) => `\\x${hex(byte, 2)}`)),
  byPart('single quotes of bash', (text) => text.replaceAll("'", `'\\''`)),
  byPart('single quotes of busybox', (text) => text.replaceAll(/'+/g, (quotes) => `'"${quotes}"'`)),
  byPart('quote of shlex', (text) => text.replaceAll("'", `'"'"'`)),
  byPart('words with a backslash', (text) => text.replaceAll(/[^\w/.:,@^\u0080-\u{10ffff}-]/gu, '\\$&')),
  byPart('entities by name', (text) => entities(text, (character) => names[character] ?? '')),
  byPart('decimal entities', (text) => entities(text, (character) => `&#${String(character.charCodeAt(0))};`)),
  byPart('hexadecimal entities', (text) => entities(text, (character) => `&#x${hex(character.charCodeAt(0), 2)};`)),
];

/** Breaks an encoded text into lines of `width` bytes. */
export function folded({ text, from, to }: Encoded, width: number, lineBreak: string): Encoded {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; at += width) pieces.push(text.subarray(at, at + width));
  const moved = (at: number): number => at + Math.floor(at / width) * lineBreak.length;
  return {
    text: Buffer.concat(pieces.flatMap((piece, index) => (index > 0 ? [Buffer.from(lineBreak), piece] : [piece]))),
    from: moved(from),
    to: moved(to - 1) + 1,
  };
}
