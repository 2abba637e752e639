import { markOf, type LogPiece } from '@chainr/core/store/log-format';
import type { AttemptSpec, OutputChunk, Position } from '@chainr/executor/port';
import type { Attempt, LogState } from './attempt.js';
import type { WorkContext } from './context.js';
import { LeaseLost, type HeldLease } from './held-lease.js';
import { maskOutput } from './mask-output.js';
import type { Mask } from './mask.js';

/** Output is gathered this long, unless much comes at once or the attempt has ended. */
const gatherMs = 25;
/** A batch from here on is worth a call of its own. */
const fullBatchBytes = 64 * 1024;

/** The only reader of an attempt's output, and the only writer of its log. */
export class LogWriter {
  readonly #context: WorkContext;
  readonly #held: HeldLease;
  readonly #spec: AttemptSpec;
  readonly #log: LogState;
  readonly #mask: Mask;
  #attemptEnded = false;
  #allStored = false;
  #abandoned = false;
  #wake: (() => void) | undefined;

  constructor(context: WorkContext, { held, spec, log, mask }: Pick<Attempt, 'held' | 'spec' | 'log' | 'mask'>) {
    this.#context = context;
    this.#held = held;
    this.#spec = spec;
    this.#log = log;
    this.#mask = mask;
  }

  /** Resolves when all output is stored, or the log has reached its limit or that of all logs together. */
  async write(): Promise<void> {
    while (!(await this.#writeOn()));
    this.#allStored = true;
  }

  /** Whether `write` has resolved: nothing is left but the end mark. */
  get allStored(): boolean {
    return this.#allStored;
  }

  /** How much of it is stored, in bytes. */
  get length(): number {
    return this.#log.length;
  }

  /** The attempt has ended: from now on nothing is gathered. */
  attemptEnded(): void {
    this.#attemptEnded = true;
    this.#wake?.();
  }

  /** Stores no more than what is stored; marks that output is missing, and why. */
  async cut(sentence: string): Promise<void> {
    this.#abandoned = true;
    this.#wake?.();
    while ((await this.#append([mark(sentence)], this.#log.position, false)) !== 'ok');
  }

  /** Stores again what a Redis that came back without its last seconds has lost; else it changes nothing. */
  async storeAgain(): Promise<void> {
    while ((await this.#append([], this.#log.position, false)) !== 'ok') await this.write();
  }

  /** Stores the end mark; first again what a Redis that came back without its last seconds has lost. */
  async end(): Promise<void> {
    while ((await this.#append([], this.#log.position, true)) !== 'ok') await this.write();
  }

  /** False: the stored log is another than expected, and is to be gone on with from where it stands. */
  async #writeOn(): Promise<boolean> {
    const { executor, config } = this.#context;
    const from = this.#log.position;
    const read = (signal: AbortSignal) => executor.logs(this.#spec, from, signal);
    for await (const { chunks, position } of maskOutput(this.#mask, from, read, this.#held.signal)) {
      if (this.#abandoned) return true;
      const pieces = chunks.map((chunk) => this.#pieceOf(chunk));
      const bytes = sizeOf(pieces);
      const overLimit = this.#log.length + bytes > config.logLimitBytes;
      const stored = overLimit ? [...this.#whatFits(pieces), mark(limitSentence(config.logLimitBytes))] : pieces;
      const reply = await this.#append(stored, position, false);
      // A mark that leaves the position where it is always fits (rule R19); the job goes on without its log.
      if (reply === 'full') return (await this.#append([mark(fullSentence)], this.#log.position, false)) === 'ok';
      if (reply === 'length') return false;
      if (overLimit) return true;
      executor.stored?.(this.#spec, position);
      if (bytes < fullBatchBytes && !this.#attemptEnded) await this.#gather();
    }
    // Executors end quietly when the lease has gone: then this is not the end of the output.
    if (!this.#abandoned) this.#held.signal.throwIfAborted();
    return true;
  }

  #pieceOf({ time, step, stream, bytes }: OutputChunk): LogPiece {
    const index = this.#spec.steps.findIndex(({ name }) => name === step);
    return { time, step: Math.max(0, index), stream, bytes };
  }

  #whatFits(pieces: readonly LogPiece[]): LogPiece[] {
    let room = this.#context.config.logLimitBytes - this.#log.length;
    return pieces.flatMap((piece) => {
      const bytes = piece.bytes.subarray(0, Math.max(0, room));
      room -= bytes.length;
      return bytes.length > 0 ? [{ ...piece, bytes }] : [];
    });
  }

  async #append(pieces: readonly LogPiece[], position: Position, end: boolean): Promise<'ok' | 'length' | 'full'> {
    const log = this.#log;
    const entry = { length: log.length, pieces, position, end };
    const reply = await this.#context.store.transitions.appendLog(this.#held.lease, entry);
    if (reply.kind === 'stale') {
      this.#held.abandon();
      throw new LeaseLost('the log belongs to another lease');
    }
    if (pieces.length > 0) this.#context.reach('after-log-append');
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

const sizeOf = (pieces: readonly LogPiece[]): number => pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

const mark = (sentence: string): LogPiece => markOf(sentence, Date.now());
const fullSentence = 'The log is cut here: the store has no room for more logs.';
const limitSentence = (bytes: number) => `The log is cut here: it has reached the limit of ${String(bytes)} bytes.`;
