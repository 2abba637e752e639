export interface Mistake {
  /** Where, such as `jobs.first.dependsOn[0].job`; empty for the whole document. */
  path: string;
  /** What is wrong there, in plain words. */
  message: string;
}

export type Path = readonly (string | number)[];

/** Adds a warning: a place of the pipeline as it was written, and a sentence that says what happens and how to change it. */
export type Warn = (path: Path, message: string) => void;

/** Of more mistakes the rest is counted. */
export const mostReported = 100;
/** The places and sentences of all of them together: what a document makes long must not make an answer long. */
const reportedLength = 32_768;
const more = /^and (\d+) more$/;
/** Longer texts are cut where a sentence quotes them. */
const longestQuote = 80;

/** A text of a user as a message may show it: in quotes, on one line, cut when long. */
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
 * Gathers what is wrong with a document. Keeps the first 100 and counts the rest, so that a
 * document of nothing but mistakes costs no more than a good one.
 */
export class MistakeList {
  readonly #kept: Mistake[] = [];
  #length = 0;
  #more = 0;

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  /** A message that is costly to make is given as a function, and made only if it is kept. */
  add(path: Path, message: string | (() => string)): void {
    if (this.#kept.length === mostReported || this.#length >= reportedLength) {
      this.#more += 1;
      return;
    }
    const mistake = { path: formatPath(path), message: typeof message === 'string' ? message : message() };
    this.#kept.push(mistake);
    this.#length += mistake.path.length + mistake.message.length;
  }

  /** In the order in which they were found; a last one stands for those that were only counted. */
  list(): Mistake[] {
    if (this.#more === 0) return [...this.#kept];
    return [...this.#kept, { path: '', message: `and ${String(this.#more)} more` }];
  }
}

/** How many mistakes there are, those that were only counted too. */
export function countMistakes(mistakes: readonly Mistake[]): number {
  const [, counted] = more.exec(mistakes.at(-1)?.message ?? '') ?? [];
  return counted === undefined ? mistakes.length : mistakes.length - 1 + Number(counted);
}
