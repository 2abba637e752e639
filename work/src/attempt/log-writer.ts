import { logNames } from '@chainr/core/pipeline/services';
import { markOf, type LogPiece } from '@chainr/core/store/logs/log-format';
import type { AttemptSpec, OutputChunk, Position } from '@chainr/executor/port';
import type { Attempt, LogState } from './attempt.js';
import type { WorkContext } from '../context.js';
import type { HeldLease } from '../leases/held-lease.js';
import { maskOutput } from '../mask/mask-output.js';
import type { Mask } from '../mask/mask.js';
import { firstOf, formatPlace, OutputTail, parsePlace, sizeOf, withoutFirst } from './output-tail.js';

/** Output is gathered for this long, unless there is much of it or the attempt has ended. */
const gatherMs = 25;
/** A batch from this size on is stored at once. */
const fullBatchBytes = 64 * 1024;
/** The most of an output's end that is kept beyond the log's limit. A small limit reserves a quarter for it. */
const mostTailBytes = 1024 * 1024;
/** How much of the end is stored even if there is no room for more logs (see Full store). */
const fullTailBytes = 4 * 1024;
/** How much is left out before the place to read on is recorded for another worker. */
const skipStepBytes = 1024 * 1024;

/** The only reader of an attempt's output, and the only writer of its log. */
export class LogWriter {
  readonly #context: WorkContext;
  readonly #held: HeldLease;
  /** The index of each step and service in the frames of the log. */
  readonly #origins: ReadonlyMap<string, number>;
  readonly #spec: AttemptSpec;
  readonly #log: LogState;
  readonly #mask: Mask;
  #attemptEnded = false;
  #allStored = false;
  #abandoned = false;
  #wake: (() => void) | undefined;
  #progressAt = performance.now();
  #isStoring = false;
  /** Set once the output is longer than its log may be. */
  #tail: OutputTail | undefined;
  /** Whether the store has no room for more logs. */
  #isFull = false;

  constructor(context: WorkContext, { held, spec, log, mask }: Pick<Attempt, 'held' | 'spec' | 'log' | 'mask'>) {
    this.#context = context;
    this.#held = held;
    this.#spec = spec;
    this.#origins = new Map(logNames(spec).map((name, index) => [name, index]));
    this.#log = log;
    this.#mask = mask;
  }

  /** Resolves when all output is stored, or its end with a mark that says how much is missing. */
  async write(): Promise<void> {
    while (!(await this.#writeOn()));
    this.#allStored = true;
  }

  /** Whether `write` has resolved: only the end mark is missing. */
  get allStored(): boolean {
    return this.#allStored;
  }

  /** How much is stored, in bytes. */
  get length(): number {
    return this.#log.length;
  }

  /** The attempt has ended: output is not gathered any more. */
  attemptEnded(): void {
    this.#attemptEnded = true;
    this.#progressAt = performance.now();
    this.#wake?.();
  }

  /**
   * When output was last read or stored, or the attempt ended; by `performance.now()`. While a write is pending it is
   * now: a slow Redis says nothing about the output.
   */
  get progressAt(): number {
    return this.#isStoring ? performance.now() : this.#progressAt;
  }

  /** Stores only what is kept already, and a mark that output is missing, and why. */
  async cut(sentence: string): Promise<void> {
    this.#abandoned = true;
    this.#wake?.();
    while ((await this.#append([...this.#ending(), mark(sentence)], this.#log.position, false)) !== 'ok');
  }

  /** Stores again what a restarted Redis lost of its last seconds; otherwise changes nothing. */
  async storeAgain(): Promise<void> {
    while ((await this.#append([], this.#log.position, false)) !== 'ok') await this.write();
  }

  /** Stores the end mark, and before it what a restarted Redis lost of its last seconds. */
  async end(): Promise<void> {
    while ((await this.#append([], this.#log.position, true)) !== 'ok') await this.write();
  }

  /** Returns false if the stored log is not as expected. Reading then continues from its actual state. */
  async #writeOn(): Promise<boolean> {
    const { executor } = this.#context;
    const place = parsePlace(this.#log.position);
    const { skipped } = place;
    let { passed, from } = place;
    this.#tail = skipped > 0 ? new OutputTail(this.#tailBytes, skipped) : undefined;
    const read = (signal: AbortSignal) => executor.logs(this.#spec, place.from, signal);
    for await (const { chunks, position } of maskOutput(this.#mask, place.from, read, this.#held.abandoned)) {
      if (this.#abandoned) return true;
      this.#progressAt = performance.now();
      const all = chunks.map((chunk) => this.#pieceOf(chunk));
      const pieces = withoutFirst(all, passed);
      if (!(await this.#take(pieces, { from, passed: Math.min(passed, sizeOf(all)), position }))) return false;
      passed = Math.max(0, passed - sizeOf(all));
      from = position;
      if (sizeOf(pieces) < fullBatchBytes && !this.#attemptEnded) await this.#gather();
    }
    // Executors end quietly when the lease is lost; that is not the end of the output.
    if (this.#abandoned) return true;
    this.#held.abandoned.throwIfAborted();
    return this.#tail ? this.#storeTail(from) : true;
  }

  get #tailBytes(): number {
    return this.#isFull ? fullTailBytes : Math.min(mostTailBytes, Math.floor(this.#context.config.logLimitBytes / 4));
  }

  /**
   * Stores a batch, or as much as there is room for, and keeps the rest. Returns false if the stored log is not as
   * expected.
   */
  async #take(
    pieces: readonly LogPiece[],
    { from, passed, position }: { from: Position; passed: number; position: Position },
  ): Promise<boolean> {
    const room = this.#context.config.logLimitBytes - this.#tailBytes - this.#log.length;
    if (!this.#tail && sizeOf(pieces) <= room) {
      const reply = await this.#append(pieces, position, false);
      if (reply === 'ok') this.#context.executor.stored?.(this.#spec, position);
      if (reply !== 'full') return reply === 'ok';
      this.#isFull = true;
    }
    let before = passed;
    if (!this.#tail && !this.#isFull && room > 0) {
      const head = firstOf(pieces, room);
      const place = formatPlace({ skipped: 0, from, passed: passed + room });
      const reply = await this.#append(head, place, false);
      if (reply === 'length') return false;
      if (reply === 'ok') before += room;
      else this.#isFull = true;
    }
    this.#tail ??= new OutputTail(this.#tailBytes, 0);
    this.#tail.push({ from, passed: before, pieces: withoutFirst(pieces, before - passed) });
    return this.#recordSkipped(this.#tail);
  }

  /** Records that output is left out, once for followers, and where an adopting worker must read on. */
  async #recordSkipped({ skipped, place }: OutputTail): Promise<boolean> {
    const recorded = parsePlace(this.#log.position).skipped;
    if (!place || skipped - recorded < (recorded === 0 ? 1 : skipStepBytes)) return true;
    if (recorded === 0) {
      // A write that leaves the position unchanged always fits (see Full store).
      if ((await this.#append([this.#cutMark()], this.#log.position, false)) !== 'ok') return false;
    }
    if ((await this.#append([], formatPlace(place), false)) !== 'ok') return false;
    this.#context.executor.stored?.(this.#spec, place.from);
    return true;
  }

  /** The output is over: stores the part of its end that was kept. */
  async #storeTail(position: Position): Promise<boolean> {
    let reply = await this.#append(this.#ending(), this.#isFull ? this.#log.position : position, false);
    if (reply === 'full') {
      this.#isFull = true;
      reply = await this.#append(this.#ending(), this.#log.position, false);
    }
    if (reply === 'ok') this.#tail = undefined;
    return reply === 'ok';
  }

  #cutMark(): LogPiece {
    return mark(this.#isFull ? fullSentence : limitSentence(this.#context.config.logLimitBytes));
  }

  /** How much is missing, and then the end of the output. */
  #ending(): LogPiece[] {
    if (!this.#tail) return [];
    const { pieces, skipped } = this.#tail.pieces(this.#tailBytes);
    if (skipped === 0) return pieces;
    const isTold = parsePlace(this.#log.position).skipped > 0;
    return [...(isTold ? [] : [this.#cutMark()]), mark(missingSentence(skipped, sizeOf(pieces))), ...pieces];
  }

  #pieceOf({ time, step, stream, bytes }: OutputChunk): LogPiece {
    return { time, step: this.#origins.get(step) ?? 0, stream, bytes };
  }

  async #append(pieces: readonly LogPiece[], position: Position, end: boolean): Promise<'ok' | 'length' | 'full'> {
    const log = this.#log;
    const entry = { length: log.length, pieces, position, end };
    this.#isStoring = true;
    const reply = await this.#context.store.transitions.appendLog(this.#held.lease, entry).finally(() => {
      this.#isStoring = false;
    });
    if (reply.kind === 'stale') throw this.#held.lose();
    if (pieces.length > 0) this.#context.reach('after-log-append');
    this.#progressAt = performance.now();
    log.length = reply.length;
    log.position = reply.kind === 'ok' ? position : reply.position;
    return reply.kind;
  }

  #gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const mark = (sentence: string): LogPiece => markOf(sentence, Date.now());
const fullSentence =
  'The log is cut here: Redis has no room for more logs. The end of the log follows after the job ends.';
const limitSentence = (bytes: number) =>
  `The log has reached the limit of ${String(bytes)} bytes. The end of the log follows after the job ends.`;
const missingSentence = (missing: number, kept: number) =>
  `${String(missing)} bytes are missing here. These are the last ${String(kept)}:`;
