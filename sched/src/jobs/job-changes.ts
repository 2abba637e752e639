import { EventEmitter, once } from 'node:events';
import type { ChainrEvent, RunUid } from '@chainr/core/engine/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { EventStream } from '@chainr/core/store/events/event-stream';

interface Reader {
  stop: AbortController;
  /** Settles when every later change will be reported. */
  ready: Promise<void>;
  /** Settles, and never rejects, when the reader has ended. */
  ended: Promise<void>;
}

/**
 * Notifies requests that wait for a change of a job. All share one reader of the event stream, which reads only while
 * somebody waits.
 */
export class JobChanges implements Part {
  readonly name = 'job-changes';
  readonly #events: Pick<EventStream, 'lastCursor' | 'tail'>;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #waiting = 0;
  #reader: Reader | undefined;

  constructor(events: Pick<EventStream, 'lastCursor' | 'tail'>) {
    this.#events = events;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const reader = this.#reader;
    reader?.stop.abort();
    await reader?.ended;
  }

  /**
   * Calls `check` now and after each change of the job, until it returns something. No change is missed: the reader
   * stands at the end of the stream before the first check. Rejects when the signal aborts, or with the error that
   * stopped the reader.
   */
  async until<T>(uid: RunUid, job: string, check: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
    const done = new AbortController();
    const ends = AbortSignal.any([signal, done.signal]);
    this.#waiting += 1;
    try {
      this.#reader ??= this.#read();
      await this.#reader.ready;
      for (;;) {
        const change = once(this.#changes, topic(uid, job), { signal: ends });
        change.catch(() => undefined); // It may reject while `check` is under way; it is awaited below.
        const answer = await check();
        if (answer !== undefined) return answer;
        await change;
      }
    } finally {
      done.abort();
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#endReader();
    }
  }

  #read(): Reader {
    const stop = new AbortController();
    const cursor = this.#events.lastCursor();
    const reading = cursor.then((after) =>
      this.#events.tail(after, { onEvents: this.#tell, onLost: this.#tellAll }, stop.signal),
    );
    const ended = reading.catch((error: unknown) => {
      if (this.#reader?.stop === stop) this.#reader = undefined;
      if (!stop.signal.aborted && this.#changes.listenerCount('error') > 0) this.#changes.emit('error', error);
    });
    return { stop, ready: cursor.then(() => undefined), ended };
  }

  #endReader(): void {
    this.#reader?.stop.abort();
    this.#reader = undefined;
  }

  readonly #tell = (events: readonly ChainrEvent[]): void => {
    for (const event of events) if ('job' in event) this.#changes.emit(topic(event.run, event.job));
  };

  /** Redis lost its newest writes, so any state may differ from what was reported. */
  readonly #tellAll = (): void => {
    for (const name of this.#changes.eventNames()) if (name !== 'error') this.#changes.emit(name);
  };
}

/** The prefix prevents the event name `error`, which a job could have. */
function topic(uid: RunUid, job: string): string {
  return `job ${uid}/${job}`;
}
