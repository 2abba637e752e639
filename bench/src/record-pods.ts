import { LineSplitter } from '@chainr/core/async/line-splitter';
import type { ApiClient } from '@chainr/executor/kubernetes/api/api-client';
import { selectorOf } from '@chainr/executor/kubernetes/names';

interface PodEvent {
  type: string;
  object: { metadata: { name: string; labels: Record<string, string> }; status: { phase?: string } };
}

/** When a watch of its own saw each pod of an instance created, and ended, by this machine's monotonic clock in ms. */
export class PodRecorder {
  readonly created = new Map<string, number>();
  readonly ended = new Map<string, number>();
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;

  async start(api: ApiClient, pods: string, instance: string): Promise<void> {
    const query = { watch: true, labelSelector: selectorOf(instance) };
    const response = await api.open(pods, query, this.#stopped.signal);
    const lines = new LineSplitter();
    response.on('data', (part: Buffer) => {
      for (const line of lines.take(part)) if (line !== '') this.#take(JSON.parse(line) as PodEvent);
    });
    response.on('error', () => undefined); // The end of the measurement.
  }

  /** Resolves when so many pods have ended. */
  async untilEnded(count: number): Promise<void> {
    while (this.ended.size < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  stop(): void {
    this.#stopped.abort();
  }

  #take({ object: { metadata, status } }: PodEvent): void {
    const now = performance.now();
    const name = metadata.labels['chainr.dev/job'] ?? metadata.name;
    if (!this.created.has(name)) this.created.set(name, now);
    if ((status.phase === 'Succeeded' || status.phase === 'Failed') && !this.ended.has(name)) {
      this.ended.set(name, now);
      this.#wake();
    }
  }
}
