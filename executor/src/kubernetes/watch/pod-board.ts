import { LineSplitter } from '@chainr/core/async/line-splitter';
import { Wake } from '../../wake.js';
import type { ApiClient } from '../api/api-client.js';
import { ApiError } from '../api/api-error.js';
import { backoff } from '../api/pace.js';
import { labels, podName, selectorOf, type NamedAttempt } from '../names.js';
import type { PodJson } from '../pod/pod-json.js';
import { viewOf, type PodView } from '../pod/pod-view.js';
import { NamespaceEvents } from './pod-events.js';

/** The API server ends a watch after a time between these, so that not all workers come back at once. */
const watchSeconds = [240, 300] as const;
export interface BoardLimits {
  /** How many pods one page of a list has. */
  pageSize: number;
  /** A watch that is silent for longer has lost its connection: the API server sends a bookmark every minute. */
  silentMs: number;
  /** How long pods are followed after the last one that anybody watched has ended: the next job often comes soon. */
  lingerMs: number;
  /** How long an answer about the events of the namespace serves. */
  eventsKeptMs: number;
}

const usualLimits: BoardLimits = { pageSize: 500, silentMs: 90_000, lingerMs: 60_000, eventsKeptMs: 10_000 };

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: PodJson & { code?: number; message?: string; reason?: string };
}

interface PodList {
  metadata: { resourceVersion?: string; continue?: string };
  items: PodJson[];
}

export interface Watch {
  /**
   * Resolves when something about the pod may have changed, and when the signal aborts.
   * @throws the error of an outage, while the API server does not answer
   */
  next(): Promise<void>;
  wake: () => void;
  close(): void;
}

/**
 * The pods of this instance in one namespace, kept up to date by one list and one watch for the whole process
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). It follows while
 * anybody watches, and lists anew whenever it may have missed something.
 */
export class PodBoard {
  readonly namespace: string;
  /** What stands in the way of pods that do not start. */
  readonly trouble: NamespaceEvents;
  readonly #api: ApiClient;
  readonly #instance: () => string;
  readonly #limits: BoardLimits;
  readonly #pods = new Map<string, PodView>();
  /** The last state of pods that are gone, as long as anybody watches them: it may show how they ended. */
  readonly #gone = new Map<string, PodView>();
  readonly #watchers = new Map<string, Set<Wake>>();
  #isClosed = false;
  #resting: NodeJS.Timeout | undefined;
  #following: AbortController | undefined;
  #version = '';
  #outage: Error | undefined;

  constructor(api: ApiClient, namespace: string, instance: () => string, limits: Partial<BoardLimits> = {}) {
    this.#api = api;
    this.namespace = namespace;
    this.#instance = instance;
    this.#limits = { ...usualLimits, ...limits };
    const podUids = (): Set<string> => new Set([...this.#pods.values()].map(({ uid }) => uid));
    this.trouble = new NamespaceEvents(api, this.eventsPath, this.#limits.eventsKeptMs, podUids);
  }

  get path(): string {
    return `/api/v1/namespaces/${this.namespace}/pods`;
  }

  get eventsPath(): string {
    return `/api/v1/namespaces/${this.namespace}/events`;
  }

  /** What is known of a pod. Undefined proves nothing: `fetch` asks. */
  get(name: string): PodView | undefined {
    return this.#pods.get(name);
  }

  /** The last known state of a pod that is gone, if it was watched. */
  lastOf(name: string): PodView | undefined {
    return this.#gone.get(name);
  }

  /** Asks the API server for a pod; undefined if there is none. Others that watch it learn of it too. */
  async fetch(name: string): Promise<PodView | undefined> {
    const before = this.#pods.get(name);
    try {
      return this.offer(await this.#api.call<PodJson>('GET', `${this.path}/${name}`));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      // A pod that became known meanwhile was created after this answer.
      const now = this.#pods.get(name);
      if (now?.uid !== before?.uid) return now;
      this.#drop(name);
      return undefined;
    }
  }

  /** Asks for the pod of an attempt: by its name, or where the name of the pipeline is not known by its labels. */
  async find(key: NamedAttempt): Promise<PodView | undefined> {
    if (key.pipeline !== undefined) return this.fetch(podName(this.#instance(), key));
    const { run, job, attempt } = key;
    for (const { name, key: known } of this.#pods.values()) {
      if (known?.run === run && known.job === job && known.attempt === attempt) return this.fetch(name);
    }
    const wanted = { [labels.run]: run, [labels.job]: job, [labels.attempt]: String(attempt) };
    const only = Object.entries(wanted).map(([name, value]) => `,${name}=${value}`);
    const query = { labelSelector: selectorOf(this.#instance()) + only.join('') };
    const { items } = await this.#api.call<PodList>('GET', this.path, { query });
    return items[0] && this.offer(items[0]);
  }

  /** Takes an answer about a pod, unless it is known already. @return what is known then */
  offer(pod: PodJson): PodView {
    const view = viewOf(pod);
    const known = this.#pods.get(view.name);
    if (known?.uid === view.uid && !isNewer(view.resourceVersion, known.resourceVersion)) return known;
    // Without a watch nobody would hear when it is gone.
    if (this.#following) this.#pods.set(view.name, view);
    this.notify(view.name);
    return view;
  }

  open(name: string, signal?: AbortSignal): Watch {
    const wake = new Wake();
    const wakes = this.#watchers.get(name) ?? new Set<Wake>();
    this.#watchers.set(name, wakes.add(wake));
    clearTimeout(this.#resting);
    this.#follow();
    const notify = (): void => {
      wake.notify();
    };
    signal?.addEventListener('abort', notify);
    if (signal?.aborted) notify();
    return {
      next: async () => {
        await wake.next();
        if (this.#isClosed && signal?.aborted !== true) throw new Error('The Kubernetes executor has been closed.');
        if (this.#outage) throw this.#outage;
      },
      wake: notify,
      close: () => {
        signal?.removeEventListener('abort', notify);
        wakes.delete(wake);
        if (wakes.size > 0 || this.#watchers.get(name) !== wakes) return;
        this.#watchers.delete(name);
        this.#gone.delete(name);
        if (this.#watchers.size === 0) this.#resting = setTimeout(() => { this.#rest(); }, this.#limits.lingerMs).unref(); // prettier-ignore
      },
    };
  }

  /** Every pod of this instance, asked for anew. */
  async list(): Promise<PodView[]> {
    const found: PodView[] = [];
    await this.#eachPage((pods) => void found.push(...pods.map(viewOf)));
    return found;
  }

  /** Whoever watches is told, and nobody can watch any more. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
    this.#notifyAll();
  }

  /** Wakes everybody who watches a pod. */
  notify(name: string): void {
    for (const wake of this.#watchers.get(name) ?? []) wake.notify();
  }

  #notifyAll(): void {
    for (const wakes of this.#watchers.values()) for (const wake of wakes) wake.notify();
  }

  #drop(name: string): void {
    const last = this.#pods.get(name);
    if (!last) return;
    this.#pods.delete(name);
    if (this.#watchers.has(name)) this.#gone.set(name, last);
    this.notify(name);
  }

  /** Nobody watches any more. What is kept would be outdated when somebody comes back. */
  #rest(): void {
    clearTimeout(this.#resting);
    this.#following?.abort(new Error('Nobody watches the pods any more.'));
    this.#following = undefined;
    this.#pods.clear();
    this.trouble.forget();
    this.#version = '';
  }

  #follow(): void {
    if (this.#following || this.#isClosed) return;
    const following = new AbortController();
    this.#following = following;
    void this.#followUntil(following.signal);
  }

  /** Never rejects: an outage is told to those who watch, and it goes on. */
  async #followUntil(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    for (let failures = 0; !isOver();) {
      try {
        if (this.#version === '') this.#version = await this.#listAnew();
        const events = await this.#watch(signal, () => (failures = 0));
        if (events === 0) await backoff((failures += 1), 100, 5_000, signal); // A proxy may end every watch at once.
      } catch (error) {
        if (isOver()) return;
        // What was watched may have changed unseen. 410 Gone: the history does not reach back so far.
        if (error instanceof ApiError) this.#version = '';
        failures += 1;
        // A connection may end at any time, and then the history may be too short: neither is an outage by itself.
        if (failures <= 2) continue;
        this.#outage = error instanceof Error ? error : new Error(String(error));
        this.#notifyAll();
        await backoff(failures, 100, 5_000, signal).catch(() => undefined);
      }
    }
  }

  /** @return the version from which a watch continues */
  async #listAnew(): Promise<string> {
    const before = [...this.#pods.keys()];
    const seen = new Set<string>();
    const version = await this.#eachPage((pods) => {
      for (const pod of pods) seen.add(this.offer(pod).name);
    });
    for (const name of before) if (!seen.has(name)) this.#drop(name);
    this.#outage = undefined;
    return version;
  }

  async #eachPage(take: (pods: PodJson[]) => void): Promise<string> {
    let next: string | undefined;
    let version = '';
    do {
      const query = { labelSelector: selectorOf(this.#instance()), limit: this.#limits.pageSize, continue: next };
      const { items, metadata } = await this.#api.call<PodList>('GET', this.path, { query });
      take(items);
      next = metadata.continue === '' ? undefined : metadata.continue;
      version = metadata.resourceVersion ?? '';
    } while (next !== undefined);
    return version;
  }

  /**
   * Resolves when the API server ends the watch in order.
   * @param onEvent called when it brings something
   * @return how often it did
   */
  async #watch(signal: AbortSignal, onEvent: () => void): Promise<number> {
    const [least, most] = watchSeconds;
    const query = {
      watch: true,
      labelSelector: selectorOf(this.#instance()),
      resourceVersion: this.#version,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(least + Math.random() * (most - least)),
    };
    const response = await this.#api.open(this.path, query, signal);
    this.#outage = undefined;
    const lines = new LineSplitter();
    let events = 0;
    const { silentMs } = this.#limits;
    const silence = new Silence(silentMs, () => {
      response.destroy(new Error(`the watch of pods was silent for ${String(silentMs / 1000)} s`));
    });
    try {
      for await (const part of response) {
        silence.broken();
        for (const line of lines.take(part as Buffer)) {
          if (line === '') continue;
          this.#take(JSON.parse(line) as WatchEvent);
          events += 1;
          onEvent();
        }
      }
      return events;
    } finally {
      silence.end();
      response.destroy();
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      throw new ApiError(object.code ?? 500, object.reason ?? '', object.message ?? 'the watch failed');
    }
    const name = object.metadata?.name ?? '';
    if (type === 'ADDED' || type === 'MODIFIED') this.offer(object);
    else if (type === 'DELETED') {
      this.offer(object);
      this.#drop(name);
    }
    this.#version = object.metadata?.resourceVersion ?? this.#version;
  }
}

/** Resolves at the next change, or after a time. */
export async function wakeAfter(watch: Watch, ms: number | undefined): Promise<void> {
  const timer = ms === undefined ? undefined : setTimeout(watch.wake, ms);
  try {
    await watch.next();
  } finally {
    clearTimeout(timer);
  }
}

/** Resource versions of one resource can be compared as numbers: https://kep.k8s.io/5504 */
function isNewer(one: string, other: string): boolean {
  if (one.length !== other.length) return one.length > other.length;
  return one > other;
}

/** Calls once if nothing came for a while. */
class Silence {
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, onSilence: () => void) {
    this.#timer = setTimeout(onSilence, ms);
  }

  broken(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
