/** A range of places in a sequence of bytes, counted from its beginning; `to` is exclusive. */
export type Range = [from: number, to: number];

/** The ranges to cover. */
export class Ranges {
  #list: Range[] = [];

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** Adds a range. Ranges that touch the last one are merged with it. */
  add(from: number, to: number): void {
    const last = this.#list.at(-1);
    if (last && from <= last[1] && to >= last[0]) {
      if (from < last[0]) last[0] = from;
      if (to > last[1]) last[1] = to;
    } else this.#list.push([from, to]);
  }

  /** Extends the last range if it ends at `from`. */
  extend(from: number, to: number): void {
    const last = this.#list.at(-1);
    if (last?.[1] === from) last[1] = to;
  }

  /** The ranges that end behind a place, sorted and merged; drops the others. */
  sortedFrom(place: number): readonly Range[] {
    const sorted = this.#list.filter(([, to]) => to > place).sort((a, b) => a[0] - b[0]);
    this.#list = [];
    for (const [from, to] of sorted) this.add(from, to);
    return this.#list;
  }
}
