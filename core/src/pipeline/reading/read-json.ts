import { pipelineLimits } from '../limits.js';
import { quote } from '../mistakes.js';
import { PipelineSyntaxError } from './syntax-error.js';

/**
 * Parses JSON (RFC 8259) with every object as a Map. `JSON.parse` would silently keep the last of two jobs of one name,
 * put names such as `10` before all others, and report positions differently in each version of Node.
 */
export function readJson(text: string): unknown {
  return new JsonReader(text).document();
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
/** A backslash, or a control character, which JSON.parse then refuses. */
const needsUnescape = /\\|[^ -\uffff]/;
const words: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class JsonReader {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('the document ends here, but more text follows');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > pipelineLimits.depth) {
      throw this.#error(`lists and maps are nested deeper than ${String(pipelineLimits.depth)} levels`);
    }
    this.#values += 1;
    if (this.#values > pipelineLimits.values) {
      throw this.#error(`there are more than ${String(pipelineLimits.values)} values`);
    }
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth + 1);
    if (first === '[') return this.#array(depth + 1);
    if (first === '"') return this.#string();
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    number.lastIndex = this.#at;
    const digits = number.exec(this.#text)?.[0];
    if (digits === undefined) throw this.#unexpected('a value');
    this.#at += digits.length;
    return Number(digits);
  }

  #object(depth: number): Map<string, unknown> {
    const map = new Map<string, unknown>();
    this.#at += 1;
    if (this.#take('}')) return map;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a name in double quotes');
      const start = this.#at;
      const key = this.#string();
      if (map.has(key)) throw this.#error(`the name ${quote(key)} appears twice in one object`, start);
      if (!this.#take(':')) throw this.#unexpected('":"');
      map.set(key, this.#value(depth));
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#unexpected('"," or "}"');
    return map;
  }

  #array(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#at += 1;
    if (this.#take(']')) return list;
    do list.push(this.#value(depth));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected('"," or "]"');
    return list;
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && this.#isEscaped(end, start)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) throw this.#error('the string that begins here has no closing quote', start);
    this.#at = end + 1;
    const raw = this.#text.slice(start + 1, end);
    if (!needsUnescape.test(raw)) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw this.#error('the string that begins here contains a raw control character or an unknown escape', start);
    }
  }

  /** Whether the quote at `end` has an odd number of backslashes before it. */
  #isEscaped(end: number, start: number): boolean {
    let before = end - 1;
    while (before > start && this.#text[before] === '\\') before -= 1;
    return (end - before) % 2 === 0;
  }

  #take(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    space.lastIndex = this.#at;
    space.exec(this.#text);
    this.#at = space.lastIndex;
  }

  #unexpected(wanted: string): PipelineSyntaxError {
    const [found] = this.#text.slice(this.#at, this.#at + 2);
    return this.#error(`expected ${wanted}, but found ${found === undefined ? 'the end' : quote(found)}`);
  }

  #error(message: string, offset = this.#at): PipelineSyntaxError {
    return new PipelineSyntaxError(`not JSON: ${message}`, { text: this.#text, offset });
  }
}
