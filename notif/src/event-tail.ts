import { setTimeout as pause } from 'node:timers/promises';
import type { ChainrEvent, Cursor } from '@chainr/core/model/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import type { EventReader } from './event-reader.js';
import { eventLine } from './event-line.js';
import { RecentEvents } from './recent-events.js';

/** How many of the newest events are kept for clients that keep up. */
const eventsKept = 5_000;
/** How often the tail looks whether the stream still knows its cursor. */
const usualCheckMs = 15_000;
/** How long it waits before it reads again after an outage. */
const usualRetryMs = 500;

export interface EventTailOptions {
  /** How many of the newest events are kept for clients that keep up. */
  capacity?: number;
  /** How often the tail looks whether the stream still knows its cursor. */
  checkMs?: number;
  /** How long it waits before it reads again after an outage. */
  retryMs?: number;
}

/**
 * The one reader of the stream's end in this replica. It keeps the newest events, and wakes the
 * clients that wait for more.
 */
export class EventTail implements Part {
  readonly name = 'event tail';
  readonly recent: RecentEvents;
  readonly #events: EventReader;
  readonly #logger: Logger;
  readonly #checkMs: number;
  readonly #retryMs: number;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  #version = 0;
  #generation = 0;
  #cursor: Cursor = '';
  #running: Promise<void> | undefined;

  constructor(events: EventReader, logger: Logger, options: EventTailOptions = {}) {
    this.#events = events;
    this.#logger = logger;
    this.#checkMs = options.checkMs ?? usualCheckMs;
    this.#retryMs = options.retryMs ?? usualRetryMs;
    this.recent = new RecentEvents(options.capacity ?? eventsKept);
  }

  async start(): Promise<void> {
    this.#begin(await this.#events.lastCursor());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Rises with everything that may interest a client that waits. */
  get version(): number {
    return this.#version;
  }

  /** Rises when the tail lost its place in the stream: clients must ask the store whether theirs still stands. */
  get generation(): number {
    return this.#generation;
  }

  /** Resolves when `version` is another than the one that the caller saw, or when the signal aborts. */
  changedSince(version: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || version !== this.#version) {
        resolve();
        return;
      }
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#waiting.add(wake);
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) await this.#tick();
  }

  /** Follows the stream until it is stopped, loses its place, or cannot read. */
  async #tick(): Promise<void> {
    const lost = new AbortController();
    const check = setInterval(() => void this.#checkPlace(lost), this.#checkMs);
    try {
      const signal = AbortSignal.any([this.#stopped.signal, lost.signal]);
      const take = (events: readonly ChainrEvent[], cursor: Cursor): void => {
        // A reply may still have been on its way when the place was lost.
        if (!signal.aborted) this.#take(events, cursor);
      };
      await this.#events.tail(this.#cursor, take, signal);
    } catch (error) {
      this.#logger.warn({ err: error }, 'cannot read the event stream; trying again');
      await pause(this.#retryMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined); // Only a stop ends it early.
    } finally {
      clearInterval(check);
    }
  }

  /**
   * After Redis was replaced or rolled back (rule R7) the stream may end before our cursor: without
   * this look the tail would wait for ever for what comes after it.
   */
  async #checkPlace(lost: AbortController): Promise<void> {
    try {
      const { resync, cursor } = await this.#events.readEvents(this.#cursor, 1);
      if (!resync || this.#stopped.signal.aborted) return;
      this.#logger.warn({ from: this.#cursor, to: cursor }, 'lost its place in the event stream');
      lost.abort();
      this.#generation += 1;
      this.#begin(cursor);
    } catch (error) {
      this.#logger.debug({ err: error }, 'cannot look at the event stream; the next look tries again');
    }
  }

  #begin(cursor: Cursor): void {
    this.#cursor = cursor;
    this.recent.reset(cursor);
    this.#wakeAll();
  }

  #take(events: readonly ChainrEvent[], cursor: Cursor): void {
    this.recent.append(events.map(eventLine));
    this.#cursor = cursor;
    this.#wakeAll();
  }

  #wakeAll(): void {
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }
}
