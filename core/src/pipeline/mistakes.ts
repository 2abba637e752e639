export interface Mistake {
  /** The place, such as `jobs.first.dependsOn[0].job`; empty for the whole document. */
  path: string;
  /** What is wrong there, in plain words. */
  message: string;
  /** On a last entry: the number of further mistakes that were only counted. */
  more?: number | undefined;
}

export type Path = readonly (string | number)[];

/** Adds a warning: a place in the pipeline as written, and a sentence that says what happens and how to change it. */
export type Warn = (path: Path, message: string) => void;

/** Further mistakes are only counted. */
export const mostReported = 100;
/** The total length of all places and messages: a long document must not cause a long answer. */
const reportedLength = 32_768;
/** Longer texts are cut when quoted. */
const longestQuote = 80;

/** A user's text for use in a message: quoted, on one line, cut if long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text);
}

/** `['jobs', 'first', 'dependsOn', 0]` → `jobs.first.dependsOn[0]`; odd names as `["a b"]`. */
function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${String(part)}]`;
    if (part.length > longestQuote || !/^[\w-]+$/.test(part)) return `${text}[${quote(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/**
 * Collects the mistakes of a document. Keeps the first 100 and counts the rest, so that a document full of mistakes
 * costs no more than a valid one.
 */
export class MistakeList {
  readonly #kept: Mistake[] = [];
  #length = 0;
  #more = 0;

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  /** A message that is costly to build can be a function; it is called only if the message is kept. */
  add(path: Path, message: string | (() => string)): void {
    if (this.#kept.length === mostReported || this.#length >= reportedLength) {
      this.#more += 1;
      return;
    }
    const mistake = { path: formatPath(path), message: typeof message === 'string' ? message : message() };
    this.#kept.push(mistake);
    this.#length += mistake.path.length + mistake.message.length;
  }

  /** In the order found. If some were only counted, a last entry says so. */
  list(): Mistake[] {
    if (this.#more === 0) return [...this.#kept];
    return [...this.#kept, { path: '', message: `and ${String(this.#more)} more`, more: this.#more }];
  }
}

/** The number of mistakes, including those that were only counted. */
export function countMistakes(mistakes: readonly Mistake[]): number {
  return mistakes.reduce((sum, { more = 1 }) => sum + more, 0);
}

/** `: place: message` of the first mistake: the end of the sentence about all of them. */
export function firstOf([first]: readonly Mistake[]): string {
  return first ? `: ${first.path === '' ? '' : `${first.path}: `}${first.message}` : '';
}
