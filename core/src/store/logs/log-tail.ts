import type { LogPage } from './log-page.js';
import type { Subscription } from '../redis/subscriptions.js';

/** How long a tail waits for a notification of new bytes before it checks by itself, in case one was lost. */
const lookAgainMs = 5_000;
/** The newest bytes that a tail keeps for followers that are a little behind. Others read from the store. */
const keptBytes = 1024 * 1024;

/** What a tail needs of its log. */
export interface TailSource {
  /** The end of what is stored; waits for Redis. Undefined if the log is gone. */
  end(signal: AbortSignal): Promise<number | undefined>;
  /** Reads what is stored from an offset on. */
  read(offset: number, signal: AbortSignal): Promise<LogPage | undefined>;
  listen(): Promise<Subscription>;
}

/** The newest bytes of a growing log, read once for all its followers. */
export class LogTail {
  readonly #source: TailSource;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #pages: LogPage[] = [];
  #kept = 0;
  #end = 0;
  #ready = false;
  #over = false;
  #error: Error | undefined;

  constructor(source: TailSource) {
    this.#source = source;
    this.#read().catch((error: unknown) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#over = true;
      this.#wake();
    });
  }

  /** The page that begins at this offset, if it is kept. */
  pageAt(offset: number): LogPage | undefined {
    if (offset < this.start) return undefined;
    return this.#pages.findLast((page) => page.offset === offset);
  }

  /** Bytes before this come from the store. */
  get start(): number {
    return this.#pages[0]?.offset ?? this.#end;
  }

  get end(): number {
    return this.#end;
  }

  /** Whether its start is known. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** The end of the page that contains this offset. */
  pageAround(offset: number): number {
    return this.#pages.find(({ nextOffset }) => nextOffset > offset)?.nextOffset ?? this.#end;
  }

  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  /**
   * Whether nothing follows the kept pages.
   * @throws the error with which reading failed
   */
  get isOver(): boolean {
    if (this.#error) throw this.#error;
    return this.#over;
  }

  /** Resolves when there is something new, or when aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
      if (signal.aborted || this.#over) done();
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopped;
    const word = await this.#source.listen();
    try {
      const end = await this.#source.end(signal);
      this.#end = end ?? 0;
      this.#ready = true;
      this.#over = end === undefined;
      this.#wake();
      while (!this.#over && !signal.aborted) {
        const heard = word.next(lookAgainMs, signal);
        const page = await this.#source.read(this.#end, signal);
        if (page && (page.bytes.length > 0 || page.ended)) this.#keep(page);
        if (!page || page.ended) this.#over = true;
        if (!page || page.bytes.length > 0 || page.ended) this.#wake();
        else await heard;
      }
      this.#wake();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await word.close();
    }
  }

  #keep(page: LogPage): void {
    this.#pages.push(page);
    this.#kept += page.bytes.length;
    this.#end = page.nextOffset;
    while (this.#kept > keptBytes && this.#pages.length > 1) this.#kept -= this.#pages.shift()?.bytes.length ?? 0;
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
