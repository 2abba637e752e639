import { setTimeout as pause } from 'node:timers/promises';
import type { ChainrEvent, Cursor } from '@chainr/core/engine/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import type { EventReader } from './event-reader.js';
import { eventLine } from './event-line.js';
import { RecentEvents } from './recent-events.js';

/** How many of the newest events are kept for clients that keep up. */
const eventsKept = 5_000;
/** The pause before it reads again after an error. */
const usualRetryMs = 500;

export interface EventTailOptions {
  /** How many of the newest events are kept. Default: 5,000. */
  capacity?: number;
  /** Default: 500. */
  retryMs?: number;
  /** Called with all events that it reads, each time that it reads some. */
  onEvents?: (events: readonly ChainrEvent[]) => void;
}

/**
 * The only reader of the end of the stream in this replica. It keeps the newest events, and wakes the clients that wait
 * for more.
 */
export class EventTail implements Part {
  readonly name = 'event tail';
  readonly recent: RecentEvents;
  readonly #events: EventReader;
  readonly #logger: Logger;
  readonly #retryMs: number;
  readonly #onEvents: (events: readonly ChainrEvent[]) => void;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  #version = 0;
  #generation = 0;
  #isSure = false;
  #cursor: Cursor = '';
  #running: Promise<void> | undefined;

  constructor(events: EventReader, logger: Logger, options: EventTailOptions = {}) {
    this.#events = events;
    this.#logger = logger;
    this.#retryMs = options.retryMs ?? usualRetryMs;
    this.#onEvents = options.onEvents ?? (() => undefined);
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

  /** Rises whenever a waiting client should look. */
  get version(): number {
    return this.#version;
  }

  /** Rises when the tail lost its place in the stream. Clients must then ask the store whether theirs still exists. */
  get generation(): number {
    return this.#generation;
  }

  /** The cursor of the last event that the tail has. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /**
   * Whether Redis is known to have everything that the tail has seen. Not while Redis is away: it may come back without
   * its newest writes.
   */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** Resolves when `version` differs from the one the caller saw, or when the signal aborts. */
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

  /** Follows the stream until it is stopped, or cannot go on. */
  async #tick(): Promise<void> {
    try {
      const onEvents = (events: readonly ChainrEvent[], cursor: Cursor): void => this.#take(events, cursor);
      const onBroken = (): void => void (this.#isSure = false);
      const onLost = (cursor: Cursor): void => this.#lose(cursor);
      await this.#events.tail(this.#cursor, { onEvents, onBroken, onLost }, this.#stopped.signal);
    } catch (error) {
      this.#isSure = false;
      this.#logger.warn({ err: error }, 'cannot read the event stream; trying again');
      await pause(this.#retryMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined); // Only a stop ends the pause early.
    }
  }

  /** Redis was replaced or rolled back (see Rollback): the events seen so far must not be sent any more. */
  #lose(cursor: Cursor): void {
    this.#logger.warn(
      { from: this.#cursor, to: cursor },
      'the position in the event stream was lost; clients must resync',
    );
    this.#generation += 1;
    this.#begin(cursor);
  }

  #begin(cursor: Cursor): void {
    this.#cursor = cursor;
    this.recent.reset(cursor);
    this.#wakeAll();
  }

  #take(events: readonly ChainrEvent[], cursor: Cursor): void {
    this.#isSure = true;
    this.recent.append(events.map(eventLine));
    this.#cursor = cursor;
    this.#wakeAll();
    this.#onEvents(events);
  }

  #wakeAll(): void {
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }
}
