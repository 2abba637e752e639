import type { Redis } from 'ioredis';
import type { Logger } from '../../service/logger.js';
import { prefix } from './keys.js';
import { clockScript } from '../script/library.js';

interface Reading {
  /** The corrected time of Redis, in ms since 1970. */
  time: number;
  /** Redis read its clock between these two, by `performance.now()`. */
  sentAt: number;
  receivedAt: number;
}

interface Base extends Reading {
  /** The correction as Redis stores it. */
  correction: string;
}

/**
 * A smaller difference is not a jump. A lease survives a clock that is set by so little, and no call that is answered
 * in time is carried out so late.
 */
const toleranceMs = 2_000;
/** The tolerated drift: clocks drift, and are slewed by up to 500 ppm. */
const driftShare = 0.001;

const allowance = (elapsedMs: number): number => toleranceMs + elapsedMs * driftShare;

/**
 * How far the clock of Redis jumped between two readings, in ms; negative: backwards; 0: no certain jump. This
 * process's monotonic clock bounds how much time can have passed: a slow reply or a frozen Redis is not a jump.
 */
export function jumpBetween(earlier: Reading, later: Reading): number {
  const moved = later.time - earlier.time;
  const most = later.receivedAt - earlier.sentAt;
  const least = Math.max(0, later.sentAt - earlier.receivedAt);
  if (moved > most + allowance(most)) return Math.round(moved - most);
  if (moved < least - allowance(most)) return Math.round(moved - least);
  return 0;
}

/** `NUMBER:MS` */
function parseCorrection(correction: string): [number: number, ms: number] {
  const [number = 0, ms = 0] = correction.split(':').map(Number);
  return [number, ms];
}

/**
 * "Now" as the scripts see it (see Clock, ADR 18). Every call of the library carries the range in which the time must
 * be, and is refused if the clock is outside; then the jump is corrected before the call is sent again.
 */
export class RedisClock {
  readonly #connection: Redis;
  readonly #logger: Logger;
  #base: Base | undefined;

  constructor(connection: Redis, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  /**
   * The expectation of a call sent now, as arguments of the library: earliest and latest time in ms since 1970, and the
   * correction. Empty before the first reading.
   */
  expectation(): string[] {
    if (!this.#base) return [];
    const { time, sentAt, receivedAt, correction } = this.#base;
    const at = performance.now();
    const allowed = allowance(at - sentAt);
    return [String(Math.floor(time + at - receivedAt - allowed)), String(Math.ceil(time + at - sentAt + allowed)), correction]; // prettier-ignore
  }

  /** Records that the script ran at this time, which was within the expectation. */
  observe(time: number, sentAt: number): void {
    if (this.#base && sentAt > this.#base.sentAt)
      this.#base = { ...this.#base, time, sentAt, receivedAt: performance.now() };
  }

  /** The time in milliseconds since 1970, after any jump was corrected. */
  async now(): Promise<number> {
    const base = this.#base;
    const read = await this.#read([]);
    const [number, ms] = parseCorrection(read.correction);
    // A newer correction comes from another process that knew better. An older one came back: Redis lost the later ones
    // (see Rollback).
    const known = base ? parseCorrection(base.correction)[0] : 0;
    const jump = base && number <= known ? jumpBetween(base, read) : 0;
    if (!base || jump === 0) return this.#goOnFrom(read);
    const most = read.receivedAt - base.sentAt;
    const latest = Math.ceil(base.time + most + allowance(most));
    const again = await this.#read([read.correction, `${String(known + 1)}:${String(ms - jump)}`, String(latest)]);
    if (again.isCorrected)
      this.#logger.warn({ event: 'store.clockJumped', jumpMs: jump }, 'The clock of Redis jumped; chainr ignores the jump'); // prettier-ignore
    return this.#goOnFrom(again);
  }

  #goOnFrom({ offset, ...reading }: Base & { offset: number }): number {
    if (!this.#base || reading.sentAt >= this.#base.sentAt) this.#base = reading;
    return reading.time + offset;
  }

  async #read(correction: string[]): Promise<Base & { offset: number; isCorrected: boolean }> {
    const sentAt = performance.now();
    const reply = await this.#connection.call('EVAL', clockScript, 1, prefix, ...correction);
    const [time, offset, kept, corrected] = reply as [number, string, string, number];
    return {
      time,
      sentAt,
      receivedAt: performance.now(),
      offset: Number(offset),
      correction: kept,
      isCorrected: corrected === 1,
    };
  }
}
