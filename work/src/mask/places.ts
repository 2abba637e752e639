/**
 * Maps each element of a reading to its place in the output. This costs nothing while elements are adjacent, as nearly
 * always.
 */
export class Places {
  /** By stretch: the index of its first element, and the difference between place and index. */
  readonly #firsts: number[] = [];
  readonly #shifts: number[] = [];
  readonly #oldest: () => number;
  #shift = Number.NaN;
  #tooMany = 64;
  #count = 0;

  /** @param oldest the oldest index that may still be needed */
  constructor(oldest: () => number) {
    this.#oldest = oldest;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds an element at this place. */
  add(place: number): void {
    if (place - this.#count !== this.#shift) this.#begin(place - this.#count);
    this.#count += 1;
  }

  /** Adds elements from this place on. */
  addAll(place: number, count: number): void {
    if (place - this.#count !== this.#shift) this.#begin(place - this.#count);
    this.#count += count;
  }

  /** The next element has this index and place. */
  restart(index: number): void {
    this.#count = index;
    if (this.#shift !== 0) this.#begin(0);
  }

  at(index: number): number {
    return index + this.#shifts[this.#stretchOf(index)]!;
  }

  /** Copies the places of another from an index on. */
  follow(other: Places, from: number): void {
    const first = other.#stretchOf(Math.max(0, from));
    this.#firsts.splice(0, Infinity, ...other.#firsts.slice(first));
    this.#shifts.splice(0, Infinity, ...other.#shifts.slice(first));
    this.#shift = other.#shift;
    this.#count = other.#count;
  }

  #begin(shift: number): void {
    this.#shift = shift;
    this.#firsts.push(this.#count);
    this.#shifts.push(shift);
    if (this.#firsts.length < this.#tooMany) return;
    const first = this.#stretchOf(Math.min(this.#oldest(), this.#count));
    this.#firsts.splice(0, first);
    this.#shifts.splice(0, first);
    this.#tooMany = Math.max(64, this.#firsts.length * 2);
  }

  #stretchOf(index: number): number {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firsts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
