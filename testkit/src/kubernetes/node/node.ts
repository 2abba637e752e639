import type { Pod } from '../objects.js';
import type { Change } from '../store/object-store.js';
import type { NodeContext } from './context.js';
import { PodWorker } from './pod-worker.js';
import { schedulePod } from './schedule.js';

/** The scheduler and the kubelet of the only node: they follow the pods as everybody does, by their changes. */
export class Node {
  readonly #context: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  #isSilent = false;
  /** Who reads a log; an abort ends that in order, as the API server does when it loses the kubelet. */
  readonly logReaders = new Set<AbortController>();
  readonly #unsubscribe: () => void;
  /** Pods that are gone from the API and not yet from the node. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(context: NodeContext) {
    this.#context = context;
    this.#unsubscribe = context.store.subscribe((change) => this.#onChange(change));
  }

  /** Whether the kubelet says and hears nothing, as one that has lost its network. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  set isSilent(is: boolean) {
    this.#isSilent = is;
    for (const worker of this.#workers.values()) worker.isSilent = is;
    if (is) return;
    for (const worker of this.#workers.values()) {
      const pod = this.#context.store.get('pods', worker.pod.metadata.namespace ?? '', worker.pod.metadata.name);
      if (pod?.metadata.uid === worker.pod.metadata.uid) worker.catchUp(pod);
      else this.#remove(worker);
    }
    this.#scheduleWaiting();
  }

  workerOf(pod: Pod): PodWorker | undefined {
    return this.#workers.get(pod.metadata.uid);
  }

  /** Kills every container and removes what they leave. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    for (const worker of this.#workers.values()) worker.killNow();
    await Promise.all([...this.#workers.values()].map((worker) => worker.forget()));
    await Promise.all(this.#leaving);
  }

  #onChange({ type, resource, object }: Change): void {
    if (resource !== 'pods' || this.#isSilent) return;
    const pod = object as Pod;
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (type === 'DELETED') {
      if (worker) this.#remove(worker);
      this.#scheduleWaiting();
      return;
    }
    const isOver = ['Succeeded', 'Failed'].includes(pod.status.phase);
    if (worker) {
      worker.onChange(pod);
      if (isOver) this.#scheduleWaiting();
    } else if (pod.spec.nodeName === undefined) schedulePod(this.#context.store, pod, this.#context.settings);
    else if (!isOver) this.#workers.set(uid, new PodWorker(this.#context, pod));
  }

  /** Falls silent for ever for all pods that it has, and kills their containers: the machine is gone. */
  drop(): void {
    this.isSilent = true;
    for (const [uid, worker] of this.#workers) {
      worker.killNow();
      this.#remove(worker);
      this.#workers.delete(uid);
    }
  }

  /** Tries the pods again that found no place. */
  #scheduleWaiting(): void {
    for (const pod of this.#context.store.list('pods')) {
      if (pod.spec.nodeName === undefined) schedulePod(this.#context.store, pod, this.#context.settings);
    }
  }

  /** A pod that was removed by force may still run: the kubelet ends it, and forgets it then. */
  #remove(worker: PodWorker): void {
    worker.stop(0);
    const leaving = worker.forget().then(() => {
      this.#workers.delete(worker.pod.metadata.uid);
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
  }
}
