import type { Outcome } from '@chainr/core/engine/outcome';
import { refuseOutputs } from '@chainr/core/engine/outputs';
import { mapRuntime } from '@chainr/core/engine/runtime';
import { Automaton } from './automaton.js';
import { patternsOf } from './patterns.js';
import type { Range } from './ranges.js';
import { Scanner } from './scanner.js';

/** The replacement of a secret. */
export const cover = '***';

/** Hides the secrets of an attempt in everything that is reported about it. */
export class Mask {
  readonly #patterns: readonly Buffer[];
  readonly #automaton: Automaton | undefined;

  /** @param values of the secrets, as the attempt gets them */
  constructor(values: readonly string[]) {
    this.#patterns = values.flatMap(patternsOf);
    if (this.#patterns.length > 0) this.#automaton = new Automaton(this.#patterns);
  }

  get isEmpty(): boolean {
    return this.#automaton === undefined;
  }

  /**
   * Creates a scanner for the secrets in a sequence of bytes. Only for masks that have any.
   * @param fromBeginning whether it starts at the beginning of the output; otherwise it may start inside a secret
   */
  scanner({ fromBeginning }: { fromBeginning: boolean }): Scanner {
    if (!this.#automaton) throw new Error('there is nothing to look for');
    return new Scanner(this.#automaton, fromBeginning ? [] : this.#patterns);
  }

  /** The text with every secret covered; overlapping ones completely. */
  text(text: string): string {
    const bytes = Buffer.from(text);
    const ranges = this.#rangesIn(bytes);
    if (ranges.length === 0) return text;
    let covered = '';
    let end = 0;
    for (const [from, to] of ranges) {
      covered += bytes.toString('utf8', end, from) + cover;
      end = to;
    }
    return covered + bytes.toString('utf8', end);
  }

  /**
   * The outcome, safe to store and show. An output that contains a secret is refused: covered, it would be another
   * value.
   */
  outcome(outcome: Outcome): Outcome {
    if (this.isEmpty) return outcome;
    const { outputs, message, runtime, ...rest } = outcome;
    const entries = Object.entries(outputs ?? {});
    const isClean = ([key, value]: [string, string]): boolean =>
      this.#rangesIn(Buffer.from(`${key}=${value}`)).length === 0;
    const clean = entries.filter(isClean);
    const covered: Outcome = {
      ...rest,
      ...(message !== undefined && { message: this.text(message) }),
      ...(clean.length > 0 && { outputs: Object.fromEntries(clean) }),
      ...(runtime && { runtime: mapRuntime(runtime, (text) => this.text(text)) }),
    };
    const refused = entries.find((entry) => !isClean(entry));
    if (!refused) return covered;
    const key = this.text(refused[0]);
    return refuseOutputs(covered, `The output "${key}" has the value of a secret in it, and outputs are shown to all.`);
  }

  /** The error, safe to log: its message and stack. */
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

  #rangesIn(bytes: Buffer): readonly Range[] {
    if (this.isEmpty) return [];
    const scanner = this.scanner({ fromBeginning: true });
    scanner.scan(bytes);
    return scanner.foundFrom(0);
  }
}

export const noMask = new Mask([]);
