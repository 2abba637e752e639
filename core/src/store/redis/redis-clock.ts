import type { Redis } from 'ioredis';
import type { Logger } from '../../service/logger.js';
import { prefix } from './keys.js';
import { clockScript } from '../script/library.js';

interface Reading {
  /** The time of Redis with its correction, in ms since 1970. */
  time: number;
  /** Between these Redis read it, by `performance.now()`. */
  sentAt: number;
  receivedAt: number;
}

interface Base extends Reading {
  /** As Redis keeps it. */
  correction: string;
}

/**
 * What is no jump: a lease outlives a clock that is set by so little, and no call that is answered in time is carried
 * out so late.
 */
const toleranceMs = 2_000;
/** Clocks drift, and are slewed by up to 500 ppm. */
const driftShare = 0.001;

const allowance = (elapsedMs: number): number => toleranceMs + elapsedMs * driftShare;

/**
 * How far the clock of Redis has jumped between two readings, in ms; negative: backwards; 0: not for sure. This
 * process's monotonic clock says how much time can have passed at most and at least: a slow reply or a frozen Redis is no
 * jump.
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
 * "Now" as the scripts see it (see Clock, ADR 18). Every call of the library says what time it can be, and is refused where
 * the clock says another one; then a jump is taken out before the call is sent again.
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
   * What a call that is sent now expects, as arguments of the library: the earliest and the latest time, in ms since 1970,
   * and the correction. None before the first reading.
   */
  expectation(): string[] {
    if (!this.#base) return [];
    const { time, sentAt, receivedAt, correction } = this.#base;
    const at = performance.now();
    const allowed = allowance(at - sentAt);
    return [String(Math.floor(time + at - receivedAt - allowed)), String(Math.ceil(time + at - sentAt + allowed)), correction]; // prettier-ignore
  }

  /** The script has carried a call out at this time, which was as expected. */
  observe(time: number, sentAt: number): void {
    if (this.#base && sentAt > this.#base.sentAt)
      this.#base = { ...this.#base, time, sentAt, receivedAt: performance.now() };
  }

  /** Milliseconds since 1970, after a jump was taken out. */
  async now(): Promise<number> {
    const base = this.#base;
    const read = await this.#read([]);
    const [number, ms] = parseCorrection(read.correction);
    // A newer correction is another one's, who knew better. An older one has come back: Redis has lost what followed it (see Rollback).
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
