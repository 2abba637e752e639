import { randomUUID } from 'node:crypto';
import type { KindOf, KubeObject } from '../objects.js';

/** One write, as watches tell it. */
export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Plural of the resource. */
  resource: string;
  version: number;
  /** After the write; of a deletion the last state, with the version of the deletion. */
  object: KubeObject;
  /** Before the write. */
  previous?: KubeObject;
}

/** An object as its creator gives it. */
export type NewObject<T extends KubeObject> = Omit<T, 'metadata'> & {
  metadata: Partial<T['metadata']> & { name: string };
};

/** How many writes a watch can be behind before it gets 410, as after a compaction of etcd. */
const keptChanges = 20_000;

/** A time as objects have it: cut to whole seconds. */
export const now = (ms = Date.now()): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * All objects with one rising resource version, and the history that watches read, as etcd keeps them. Objects are
 * never changed in place: every write stores a new one.
 */
export class ObjectStore {
  #version = 1_000;
  /** The newest version of which the changes before it are forgotten. */
  #compactedAt = 1_000;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  #history: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #untold: Change[] = [];
  #isTelling = false;
  readonly #texts = new WeakMap<KubeObject, string>();

  get version(): number {
    return this.#version;
  }

  get compactedAt(): number {
    return this.#compactedAt;
  }

  get<R extends string>(resource: R, namespace: string, name: string): KindOf<R> | undefined {
    return this.#objects.get(resource)?.get(`${namespace}/${name}`) as KindOf<R> | undefined;
  }

  /** In the order of their keys, as etcd lists them. */
  list<R extends string>(resource: R, namespace = ''): KindOf<R>[] {
    const found = [...(this.#objects.get(resource) ?? new Map<string, KubeObject>())]
      .filter(([key]) => namespace === '' || key.startsWith(`${namespace}/`))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([, object]) => object as KindOf<R>);
  }

  /** Stores an object under a name that is free. */
  create<R extends string>(resource: R, { metadata, ...rest }: NewObject<KindOf<R>>): KindOf<R> {
    const object = {
      ...rest,
      metadata: {
        ...metadata,
        uid: randomUUID(),
        creationTimestamp: now(),
        resourceVersion: this.#nextVersion(),
      },
    } as unknown as KindOf<R>;
    let objects = this.#objects.get(resource);
    if (!objects) this.#objects.set(resource, (objects = new Map<string, KubeObject>()));
    objects.set(keyOf(object), object);
    this.#tell({ type: 'ADDED', resource, version: this.#version, object });
    return object;
  }

  /**
   * Changes the object if it still exists; a change of nothing is no write. An object whose deletion waited only for
   * this change is removed.
   *
   * @param change gets a copy that it may change
   * @returns the object after the change; undefined if it does not exist
   */
  update<R extends string>(resource: R, of: KubeObject, change: (draft: KindOf<R>) => void): KindOf<R> | undefined {
    const previous = this.#objects.get(resource)?.get(keyOf(of));
    if (previous?.metadata.uid !== of.metadata.uid) return undefined;
    const object = structuredClone(previous) as KindOf<R>;
    change(object);
    if (JSON.stringify(object) === this.textOf(previous)) return previous as KindOf<R>;
    if (isFinished(object)) return this.remove(resource, object) as KindOf<R> | undefined;
    object.metadata.resourceVersion = this.#nextVersion();
    this.#objects.get(resource)?.set(keyOf(object), object);
    this.#tell({ type: 'MODIFIED', resource, version: this.#version, object, previous });
    return object;
  }

  /** Drops the object, whatever its finalizers say. */
  remove(resource: string, last: KubeObject): KubeObject | undefined {
    const previous = this.#objects.get(resource)?.get(keyOf(last));
    if (previous?.metadata.uid !== last.metadata.uid) return undefined;
    this.#objects.get(resource)?.delete(keyOf(last));
    const object = { ...last, metadata: { ...last.metadata, resourceVersion: this.#nextVersion() } };
    this.#tell({ type: 'DELETED', resource, version: this.#version, object, previous });
    return object;
  }

  /** The changes after a version. */
  since(version: number): Change[] {
    return this.#history.filter((change) => change.version > version);
  }

  /** Forgets the history: a watch from an older version gets 410. */
  compact(): void {
    this.#compactedAt = this.#version;
    this.#history = [];
  }

  /** Calls for every change from now on, in their order. Returns what ends it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The object as JSON; made once, however many watches want it. */
  textOf(object: KubeObject): string {
    let text = this.#texts.get(object);
    if (text === undefined) this.#texts.set(object, (text = JSON.stringify(object)));
    return text;
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }

  /** A listener may write: that change is told to all after the one that it was told. */
  #tell(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > keptChanges * 2) {
      this.#history = this.#history.slice(-keptChanges);
      this.#compactedAt = (this.#history[0]?.version ?? 1) - 1;
    }
    this.#untold.push(change);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#untold.shift(); next; next = this.#untold.shift())
        for (const listener of [...this.#listeners]) listener(next);
    } finally {
      this.#isTelling = false;
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether nothing holds back a deletion any more: no finalizer, and no kubelet that still ends the containers. */
function isFinished({ metadata }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
