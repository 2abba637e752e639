import type { Bundle } from '@chainr/core/store/script/batcher';
import { parseAttemptId } from '@chainr/core/store/redis/keys';

/** Replaces the queue: keeps what transitions hand out, by run. */
export class Inbox {
  readonly bundles: Bundle[] = [];
  readonly #ids = new Map<string, string[]>();

  readonly deliver = (bundles: readonly Bundle[]): void => {
    for (const bundle of bundles) {
      this.bundles.push(bundle);
      for (const id of bundle.ids) this.#of(parseAttemptId(id).run).push(id);
    }
  };

  /** Takes the oldest `limit` ids of a run: `uid.index.attempt`. */
  take(run: string, limit = Infinity): string[] {
    const ids = this.#of(run);
    return ids.splice(0, Math.min(limit, ids.length));
  }

  /** How many ids of a run are here. */
  count(run: string): number {
    return this.#of(run).length;
  }

  #of(run: string): string[] {
    const ids = this.#ids.get(run) ?? [];
    this.#ids.set(run, ids);
    return ids;
  }
}
