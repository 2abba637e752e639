import { LineSplitter } from '@chainr/core/async/line-splitter';
import type { ApiClient } from '@chainr/executor/kubernetes/api/api-client';
import { selectorOf } from '@chainr/executor/kubernetes/names';
import { untilFound } from '@chainr/testkit/until-found';

interface PodEvent {
  type: string;
  object: { metadata: { name: string; labels: Record<string, string> }; status: { phase?: string } };
}

/**
 * When a watch of its own saw each pod of an instance created, and ended, by this machine's monotonic clock in ms. Pods
 * have the names of their jobs here.
 */
export class PodTimes {
  readonly #created = new Map<string, number>();
  readonly #ended = new Map<string, number>();
  readonly #stopped = new AbortController();
  #broken: Error | undefined;

  /** Watches from now on. @param pods the path of the pods of a namespace */
  static async start(api: ApiClient, pods: string, instance: string): Promise<PodTimes> {
    const times = new PodTimes();
    const query = { watch: true, labelSelector: selectorOf(instance) };
    const response = await api.open(pods, query, times.#stopped.signal);
    const lines = new LineSplitter();
    response.on('data', (part: Buffer) => {
      for (const line of lines.take(part)) if (line !== '') times.#take(JSON.parse(line) as PodEvent);
    });
    response.on('error', (error: Error) => (times.#broken = error));
    response.on('end', () => (times.#broken = new Error('the API server ended the watch')));
    return times;
  }

  /** Waits until so many pods have ended. @throws if the watch breaks, or it takes longer than `withinMs` */
  async untilEnded(count: number, withinMs: number): Promise<void> {
    const look = () => {
      if (this.#broken) throw new Error('the watch of the pods broke', { cause: this.#broken });
      return this.#ended.size;
    };
    await untilFound(`the end of ${count} pods`, look, (ended) => ended >= count, { withinMs });
  }

  createdAt(job: string): number {
    return this.#created.get(job) ?? notSeen(job, 'creation');
  }

  endedAt(job: string): number {
    return this.#ended.get(job) ?? notSeen(job, 'end');
  }

  stop(): void {
    this.#stopped.abort();
  }

  #take({ object: { metadata, status } }: PodEvent): void {
    const now = performance.now();
    const name = metadata.labels['chainr.dev/job'] ?? metadata.name;
    if (!this.#created.has(name)) this.#created.set(name, now);
    if ((status.phase === 'Succeeded' || status.phase === 'Failed') && !this.#ended.has(name))
      this.#ended.set(name, now);
  }
}

function notSeen(job: string, what: string): never {
  throw new Error(`the ${what} of the pod of ${job} was not seen`);
}
