import { byteOf, Decoder, isHexDigit, textOf, utf8Of, type Verdict } from './decoder.js';

/** Removes line breaks, for text that fold(1), mail or a terminal has wrapped. */
export class UnfoldedText extends Decoder {
  protected begins(): boolean {
    return false;
  }

  protected read(): Verdict {
    return 'none';
  }

  protected meaning(): readonly number[] {
    return [];
  }
}

const percent = byteOf('%');

/**
 * `%2F`, `%2f`: RFC 3986, 2.1, whatever characters the writer leaves unescaped (encodeURIComponent, encodeURI, Python's
 * `quote`). `+` for a space (application/x-www-form-urlencoded of the URL standard) is compared as a space anyway.
 */
export class PercentEncoding extends Decoder {
  protected begins(byte: number): boolean {
    return byte === percent;
  }

  protected read({ length }: readonly number[], byte: number): Verdict {
    if (!isHexDigit(byte)) return 'none';
    return length === 1 ? 'more' : 'done';
  }

  protected meaning(sequence: readonly number[]): readonly number[] {
    return [Number.parseInt(textOf(sequence.slice(1)), 16)];
  }
}

const backslash = byteOf('\\');
const controls: Readonly<Record<string, number>> = { a: 7, b: 8, e: 27, E: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const isOctalDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x37;
const isSurrogate = (code: number, first: 0xd800 | 0xdc00): boolean => (code & 0xfc00) === first;

/**
 * Backslashes: JSON (RFC 8259, 7: `\"`, `\/`, `\n`, `\u00e4`, pairs of surrogates; Go's `\u003c` for `<`), `$'…'` of
 * shells and the strings of C and Python (`\x`, `\303`, `\U0001f600`), `\u{1f600}`, and `\ ` of printf %q.
 */
export class BackslashEscapes extends Decoder {
  protected begins(byte: number): boolean {
    return byte === backslash;
  }

  protected read(sequence: readonly number[], byte: number): Verdict {
    const [, kind] = sequence;
    if (kind === undefined) return isOctalDigit(byte) || 'xuU'.includes(textOf([byte])) ? 'more' : 'done';
    if (isOctalDigit(kind)) {
      if (!isOctalDigit(byte)) return 'before';
      return sequence.length === 3 ? 'done' : 'more';
    }
    switch (textOf([kind])) {
      case 'x':
        return digits(sequence.length, byte, 4);
      case 'U':
        return digits(sequence.length, byte, 10);
      default:
        return readUnicode(sequence, byte);
    }
  }

  protected meaning(sequence: readonly number[]): Iterable<number> {
    const text = textOf(sequence.slice(1));
    const [kind = ''] = text;
    if (/[0-7]/.test(kind)) return [Number.parseInt(text, 8) & 0xff];
    if (text.length === 1) return [controls[kind] ?? byteOf(kind)];
    const [first = 0, second] = (text.match(/[0-9a-f]+/gi) ?? []).map((hex) => Number.parseInt(hex, 16));
    if (kind === 'x') return [first];
    return utf8Of(second === undefined ? first : 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
  }
}

/** Whether the last of `length` characters of a sequence is a digit, like all before it. */
function digits(at: number, byte: number, length: number): Verdict {
  if (!isHexDigit(byte)) return 'none';
  return at === length - 1 ? 'done' : 'more';
}

/** `\u00e4`, `\ud83d\ude00`, `\u{1f600}`. */
function readUnicode(sequence: readonly number[], byte: number): Verdict {
  const { length } = sequence;
  const character = textOf([byte]);
  if (sequence[2] === byteOf('{')) {
    if (character === '}') return length > 3 ? 'done' : 'none';
    return isHexDigit(byte) && length < 9 ? 'more' : 'none';
  }
  if (length === 2 && character === '{') return 'more';
  if (length < 6) {
    if (!isHexDigit(byte)) return 'none';
    const isPair = length === 5 && isSurrogate(Number.parseInt(textOf([...sequence.slice(2), byte]), 16), 0xd800);
    return length < 5 || isPair ? 'more' : 'done';
  }
  if (length === 6) return byte === backslash ? 'more' : 'none';
  if (length === 7) return character === 'u' ? 'more' : 'none';
  if (!isHexDigit(byte)) return 'none';
  if (length < 11) return 'more';
  return isSurrogate(Number.parseInt(textOf([...sequence.slice(8), byte]), 16), 0xdc00) ? 'done' : 'none';
}

const single = byteOf("'");
const double = byteOf('"');
/** The most adjacent quotes; no value has as many. */
const mostQuotes = 64;

/**
 * A quote within single quotes, as shells trace it with `set -x`: `'\''` (bash, ksh, zsh), `'"'"'` (busybox, and
 * Python's shlex), both without the last quote at the end of a word. Everything else within single quotes is literal.
 */
export class ShellQuotes extends Decoder {
  protected begins(byte: number): boolean {
    return byte === single;
  }

  protected read(sequence: readonly number[], byte: number): Verdict {
    if (isQuoteWithin(sequence)) return byte === single ? 'done' : 'before';
    const [, second] = sequence;
    if (second === undefined) return byte === backslash || byte === double ? 'more' : 'none';
    if (second === backslash) return byte === single ? 'more' : 'none';
    if (byte === single) return sequence.length < mostQuotes ? 'more' : 'none';
    return byte === double && sequence.at(-1) === single ? 'more' : 'none';
  }

  protected meaning(sequence: readonly number[]): readonly number[] {
    const text = textOf(sequence);
    const quotes = text.includes("\\'") ? 1 : (/"('+)"/.exec(text)?.[1] ?? '').length;
    return new Array<number>(quotes).fill(single);
  }
}

/** `'\'` or `'"'"'`: the next byte is the quote that opens again, or lies behind the word. */
function isQuoteWithin(sequence: readonly number[]): boolean {
  return /^'(?:\\'|"'+")$/.test(textOf(sequence));
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** `&#x10ffff;` is the longest. */
const longestEntity = 10;

/** `&amp;`, `&#39;`, `&#x27;`: the five names of XML 1.0, 4.6, and character references, 4.1, which HTML has too. */
export class Entities extends Decoder {
  protected begins(byte: number): boolean {
    return byte === byteOf('&');
  }

  protected read(sequence: readonly number[], byte: number): Verdict {
    const text = textOf([...sequence, byte]);
    if (/^&(?:#(?:\d+|x[0-9a-f]+)|[a-z]+);$/i.test(text)) return codeOf(text) === undefined ? 'none' : 'done';
    return text.length < longestEntity && /^&(?:#(?:\d*|x[0-9a-f]*)|[a-z]*)$/i.test(text) ? 'more' : 'none';
  }

  protected meaning(sequence: readonly number[]): Iterable<number> {
    return utf8Of(codeOf(textOf(sequence)) ?? 0xfffd);
  }
}

function codeOf(entity: string): number | undefined {
  const name = entity.slice(1, -1);
  if (/^#x/i.test(name)) return Number.parseInt(name.slice(2), 16);
  if (name.startsWith('#')) return Number.parseInt(name.slice(1), 10);
  return Object.hasOwn(named, name) ? named[name]?.charCodeAt(0) : undefined;
}
