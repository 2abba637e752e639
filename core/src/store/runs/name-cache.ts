import type { RunUid } from '../../engine/records.js';

/** The most names kept. The names of a run never change. */
const capacity = 100_000;

/** Job name → index, for recently used runs. */
export class NameCache {
  readonly #read: (uid: RunUid) => Promise<string[] | undefined>;
  readonly #runs = new Map<RunUid, Map<string, number>>();
  #size = 0;

  constructor(read: (uid: RunUid) => Promise<string[] | undefined>) {
    this.#read = read;
  }

  async get(uid: RunUid): Promise<ReadonlyMap<string, number> | undefined> {
    const known = this.#runs.get(uid);
    if (known) {
      this.#runs.delete(uid);
      this.#runs.set(uid, known); // Moves the run to the end: the first is dropped first.
      return known;
    }
    const names = await this.#read(uid);
    if (!names) return undefined;
    const indexes = new Map(names.map((name, index) => [name, index]));
    if (!this.#runs.has(uid)) this.#size += indexes.size;
    this.#runs.set(uid, indexes);
    for (const [oldest, { size }] of this.#runs) {
      if (this.#size <= capacity || oldest === uid) break;
      this.#runs.delete(oldest);
      this.#size -= size;
    }
    return indexes;
  }
}
