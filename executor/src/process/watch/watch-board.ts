import { watch, type FSWatcher } from 'node:fs';
import { saysGone } from '../small-files.js';
import { Wake } from '../../wake.js';

/** How often to check for changes that no file shows, such as a killed supervisor. */
const heartbeatMs = 1000;

interface Subscription {
  wake: Wake;
  concerns: (file: string) => boolean;
}

interface WatchedFolder {
  watcher: FSWatcher | undefined;
  subscriptions: Set<Subscription>;
}

export interface Watch {
  /** Resolves when one of the files changed, at each heartbeat, and when the signal aborts; rejects after a close. */
  next(): Promise<void>;
  /** Makes `next` resolve. */
  wake(): void;
  close(): void;
}

/** Watches attempts' folders: one inotify watch for all watchers of an attempt, and one timer for all of them. */
export class WatchBoard {
  readonly #folders = new Map<string, WatchedFolder>();
  #heartbeat: NodeJS.Timeout | undefined;
  #closed = false;

  /** Once it has returned, no change of a file that `concerns` selects is missed. */
  open(path: string, concerns: (file: string) => boolean, signal?: AbortSignal): Watch {
    const subscription: Subscription = { wake: new Wake(), concerns };
    const folder = this.#folders.get(path) ?? this.#begin(path);
    folder.subscriptions.add(subscription);
    this.#heartbeat ??= setInterval(() => this.#notifyAll(), heartbeatMs);
    const onAbort = (): void => subscription.wake.notify();
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    return {
      next: async () => {
        await subscription.wake.next();
        if (this.#closed) throw new Error('The process executor has been closed.');
      },
      wake: () => subscription.wake.notify(),
      close: () => {
        signal?.removeEventListener('abort', onAbort);
        folder.subscriptions.delete(subscription);
        if (folder.subscriptions.size === 0) this.#end(path, folder);
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#notifyAll();
    for (const [path, folder] of this.#folders) this.#end(path, folder);
  }

  #begin(path: string): WatchedFolder {
    const folder: WatchedFolder = { watcher: undefined, subscriptions: new Set() };
    const notify = (file: string | null): void => {
      for (const { wake, concerns } of folder.subscriptions) if (file === null || concerns(file)) wake.notify();
    };
    try {
      folder.watcher = watch(path, (_event, file) => notify(file));
      folder.watcher.on('error', () => notify(null));
    } catch (error) {
      // The watcher sees that the attempt does not exist. If it is created, the heartbeat notices.
      if (!saysGone(error)) throw error;
    }
    this.#folders.set(path, folder);
    return folder;
  }

  #end(path: string, folder: WatchedFolder): void {
    folder.watcher?.close();
    if (this.#folders.get(path) === folder) this.#folders.delete(path);
    if (this.#folders.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #notifyAll(): void {
    for (const { subscriptions } of this.#folders.values()) for (const { wake } of subscriptions) wake.notify();
  }
}
