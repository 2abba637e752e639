/** A line of the daemon's answer to a pull: https://docs.docker.com/reference/api/engine/ (ImageCreate). */
export interface PullEvent {
  id?: string;
  status?: string;
  error?: string;
  progressDetail?: { current?: number; total?: number };
}

/** The daemon gave up a pull that it had begun. */
export class PullRefused extends Error {
  override name = 'PullRefused';
}

const mega = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** The progress of a pull, in one sentence. */
export class PullProgress {
  readonly #image: string;
  readonly #layers = new Map<string, { current: number; total: number; done: boolean }>();

  constructor(image: string) {
    this.#image = image;
  }

  /** @throws PullRefused if the daemon reports an error */
  take({ id, status = '', error, progressDetail }: PullEvent): void {
    if (error !== undefined) throw new PullRefused(error);
    if (
      id === undefined ||
      !/^(Pulling fs layer|Waiting|Downloading|Download complete|Pull complete|Already exists|Extracting)/.test(status)
    )
      return;
    const layer = this.#layers.get(id) ?? { current: 0, total: 0, done: false };
    this.#layers.set(id, layer);
    if (status === 'Downloading' && progressDetail) {
      layer.current = progressDetail.current ?? layer.current;
      layer.total = progressDetail.total ?? layer.total;
    } else if (/complete|exists/.test(status)) {
      layer.current = layer.total;
      layer.done = status !== 'Download complete';
    }
  }

  get sentence(): string {
    const layers = [...this.#layers.values()];
    const done = layers.filter((layer) => layer.done).length;
    const [current, total] = [
      layers.reduce((sum, each) => sum + each.current, 0),
      layers.reduce((sum, each) => sum + each.total, 0),
    ];
    const bytes = total > 0 ? `, ${mega(current)} of ${mega(total)} MB` : '';
    return `The image ${this.#image} is being pulled: ${String(done)} of ${String(layers.length)} layers${bytes}.`;
  }
}
