/** Places in a sequence of bytes, counted from its beginning; `to` is the first one behind. */
export type Range = [from: number, to: number];

/** Places that are to be covered. */
export class Ranges {
  #list: Range[] = [];

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** Those that follow and touch the last one become one with it. */
  add(from: number, to: number): void {
    const last = this.#list.at(-1);
    if (last && from <= last[1] && to >= last[0]) {
      if (from < last[0]) last[0] = from;
      if (to > last[1]) last[1] = to;
    } else this.#list.push([from, to]);
  }

  /** Makes the last one longer, where it ends at `from`. */
  extend(from: number, to: number): void {
    const last = this.#list.at(-1);
    if (last?.[1] === from) last[1] = to;
  }

  /** What ends behind a place, in order, without gaps of nothing between them; forgets the others. */
  sortedFrom(place: number): readonly Range[] {
    const sorted = this.#list.filter(([, to]) => to > place).sort((a, b) => a[0] - b[0]);
    this.#list = [];
    for (const [from, to] of sorted) this.add(from, to);
    return this.#list;
  }
}
