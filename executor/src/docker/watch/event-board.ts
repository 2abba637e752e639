import { LineSplitter } from '@chainr/core/async/line-splitter';
import type Docker from 'dockerode';
import type { AttemptKey } from '../../port.js';
import { Wake } from '../../wake.js';
import { keyOfLabels, labels, nameOfKey } from '../names.js';

/** How often every watcher checks by itself, in case an event was lost. */
const heartbeatMs = 5_000;

export interface Watch {
  /** Resolves when something about the attempt may have changed, at each heartbeat, and when the signal aborts. */
  next(): Promise<void>;
  /** Makes `next` resolve. */
  wake: () => void;
  close(): void;
}

interface DaemonEvent {
  Actor?: { Attributes?: Record<string, string> };
}

/** One stream of daemon events for all watchers of attempts, open while there are any. */
export class EventBoard {
  readonly #docker: Docker;
  readonly #instance: () => string;
  readonly #watchers = new Map<string, Set<Wake>>();
  #heartbeat: NodeJS.Timeout | undefined;
  #stream: AbortController | undefined;
  #closed = false;

  constructor(docker: Docker, instance: () => string) {
    this.#docker = docker;
    this.#instance = instance;
  }

  open(key: AttemptKey, signal?: AbortSignal): Watch {
    const name = nameOfKey(key);
    const wake = new Wake();
    const wakes = this.#watchers.get(name) ?? new Set<Wake>();
    this.#watchers.set(name, wakes.add(wake));
    this.#heartbeat ??= setInterval(() => {
      this.#listen();
      this.#notifyAll();
    }, heartbeatMs);
    this.#listen();
    const onAbort = (): void => {
      wake.notify();
    };
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    return {
      next: async () => {
        await wake.next();
        if (this.#closed) throw new Error('The docker executor has been closed.');
      },
      wake: onAbort,
      close: () => {
        signal?.removeEventListener('abort', onAbort);
        wakes.delete(wake);
        if (wakes.size === 0 && this.#watchers.get(name) === wakes) this.#watchers.delete(name);
        if (this.#watchers.size === 0) this.#rest();
      },
    };
  }

  /** Wakes everybody who watches an attempt. */
  notify(key: AttemptKey): void {
    for (const wake of this.#watchers.get(nameOfKey(key)) ?? []) wake.notify();
  }

  close(): void {
    this.#closed = true;
    this.#notifyAll();
    this.#rest();
  }

  #rest(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#stream?.abort();
    this.#stream = undefined;
  }

  /** A broken stream is reopened at the next heartbeat. Until then watchers check by themselves. */
  #listen(): void {
    if (this.#stream || this.#closed) return;
    const stopped = new AbortController();
    this.#stream = stopped;
    this.#read(stopped.signal)
      .catch(() => undefined) // Watchers notice by themselves that the daemon is away.
      .finally(() => {
        if (this.#stream === stopped) this.#stream = undefined;
      });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const filters = { type: ['container' as const], label: [`${labels.instance}=${this.#instance()}`] };
    const stream = await this.#docker.getEvents({ filters, abortSignal: signal });
    this.#notifyAll(); // Something may have happened before the stream was open.
    const lines = new LineSplitter();
    for await (const chunk of stream) {
      for (const line of lines.take(chunk as Buffer))
        if (line.trim() !== '') this.#tell(JSON.parse(line) as DaemonEvent);
    }
  }

  #tell({ Actor }: DaemonEvent): void {
    const key = keyOfLabels(Actor?.Attributes ?? {});
    if (key) this.notify(key);
  }

  #notifyAll(): void {
    for (const wakes of this.#watchers.values()) for (const wake of wakes) wake.notify();
  }
}
