import type { Outcome } from '@chainr/core/model/outcome';
import { refuseOutputs } from '@chainr/core/model/outputs';

/** What stands in place of a secret. */
const cover = '***';

/** Shorter values, and shorter lines of values, are not hidden: they would be found everywhere. */
const shortestHidden = 4;

/** base64(1) begins a new line after so many characters. */
const base64Line = 76;

/** Hides the secrets of an attempt in whatever is told about it. */
export class Mask {
  /** Longest first. */
  readonly #hidden: readonly string[];

  /** @param values of secrets, as the attempt gets them */
  constructor(values: readonly string[]) {
    const forms = new Set(values.flatMap(formsOf).filter(({ length }) => length >= shortestHidden));
    this.#hidden = [...forms].sort((a, b) => b.length - a.length);
  }

  get isEmpty(): boolean {
    return this.#hidden.length === 0;
  }

  /** The text with every secret covered; of those that overlap all is. */
  text(text: string): string {
    return this.isEmpty ? text : coverRanges(text, this.#rangesIn(text));
  }

  /**
   * The same of a piece of a line: `before` is the end of the piece before it, '' at the beginning of a line and
   * undefined where that is not known; `goesOn` says whether another piece follows. Of a secret that the pieces share
   * each covers its own part, but for a part of up to three characters that another piece ends or begins with.
   */
  piece(text: string, before: string | undefined, goesOn: boolean): string {
    if (this.isEmpty) return text;
    const known = before ?? '';
    const joined = known + text;
    const ranges = this.#rangesIn(joined);
    for (const form of this.#hidden) {
      if (before === undefined) addRange(ranges, 0, lengthOfTail(form, joined));
      if (goesOn) addRange(ranges, joined.length - lengthOfHead(form, joined), joined.length);
    }
    const own = ranges.map(([from, to]): Range => [Math.max(0, from - known.length), to - known.length]);
    return coverRanges(
      text,
      own.filter(([, to]) => to > 0),
    );
  }

  /** How much of a piece the next one has to know. */
  get memory(): number {
    return Math.max(0, (this.#hidden[0]?.length ?? 0) - 1);
  }

  /** An outcome that may be stored and shown. An output with a secret in it is refused: covered, it would be another. */
  outcome(outcome: Outcome): Outcome {
    if (this.isEmpty) return outcome;
    const { outputs, message, ...rest } = outcome;
    const entries = Object.entries(outputs ?? {});
    const isClean = ([key, value]: [string, string]): boolean => this.#rangesIn(`${key}=${value}`).length === 0;
    const clean = entries.filter(isClean);
    const covered: Outcome = {
      ...rest,
      ...(message !== undefined && { message: this.text(message) }),
      ...(clean.length > 0 && { outputs: Object.fromEntries(clean) }),
    };
    const refused = entries.find((entry) => !isClean(entry));
    if (!refused) return covered;
    const key = this.text(refused[0]);
    return refuseOutputs(covered, `The output "${key}" has the value of a secret in it, and outputs are shown to all.`);
  }

  /** An error that may be logged: its words and where it comes from. */
  error(error: unknown): unknown {
    if (this.isEmpty) return error;
    if (!(error instanceof Error)) return this.text(String(error));
    const covered = new Error(
      this.text(error.message),
      error.cause === undefined ? {} : { cause: this.error(error.cause) },
    );
    covered.name = error.name;
    covered.stack = this.text(error.stack ?? '');
    return covered;
  }

  #rangesIn(text: string): Range[] {
    const ranges: Range[] = [];
    for (const form of this.#hidden) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) ranges.push([at, at + form.length]);
    }
    return ranges;
  }
}

export const noMask = new Mask([]);

type Range = [from: number, to: number];

function addRange(ranges: Range[], from: number, to: number): void {
  if (to - from >= shortestHidden) ranges.push([from, to]);
}

function coverRanges(text: string, ranges: Range[]): string {
  if (ranges.length === 0) return text;
  let covered = '';
  let end = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    if (from > end || end === 0) covered += text.slice(end, from) + cover;
    end = Math.max(end, to);
  }
  return covered + text.slice(end);
}

/** How many characters at the end of the text are the beginning of the form. */
function lengthOfHead(form: string, text: string): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** How many characters at the beginning of the text are the end of the form. */
function lengthOfTail(form: string, text: string): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1) {
    if (text.startsWith(form.slice(-length))) return length;
  }
  return 0;
}

/** How a secret may appear: as it is, line by line, as a shell splits, quotes and traces it, as URLs, JSON and base64 have it. */
function formsOf(value: string): string[] {
  if (value.length < shortestHidden) return [];
  const lines = value.split('\n').map((line) => line.trim());
  const words = [value, ...lines].map((text) => text.trim().replaceAll(/\s+/g, ' '));
  const encoded = encodeURIComponent(value);
  const quoted = [JSON.stringify(value).slice(1, -1), value.replaceAll("'", `'\\''`), value.replaceAll("'", `'"'"'`)];
  const wholes = [Buffer.from(value), Buffer.from(`${value}\n`)].flatMap((bytes) => linesOfBase64(bytes));
  const urls = [encoded, encoded.replaceAll('%20', '+')];
  return [value, ...lines, ...words, ...urls, ...quoted, ...wholes, ...coresOfBase64(value)];
}

function linesOfBase64(bytes: Buffer): string[] {
  const text = bytes.toString('base64');
  const lines = text.match(new RegExp(`.{1,${String(base64Line)}}`, 'g')) ?? [];
  return [...lines, bytes.toString('base64url')];
}

/** What a longer text that has the value in it, such as `user:password`, shows of it in base64: three ways to begin. */
function coresOfBase64(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    return (['base64', 'base64url'] as const).map((encoding) => padded.toString(encoding).slice(first, last));
  });
}
