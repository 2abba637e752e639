import { shortestHidden } from './patterns.js';

/** The last four bytes, the newest lowest, as a signed integer: `(window << 8) | byte`. */
export type Window = number;

/**
 * Finds any of many patterns in one pass. This is the automaton of Aho and Corasick ("Efficient string matching", CACM
 * 18, 1975) without its first levels. All patterns have at least four bytes, so a filter on the last four bytes, a bit
 * for each hash, rules out a pattern start at nearly every position, however many patterns there are. Nodes begin at
 * depth 4.
 * A node is a number from 1; 0 means "less than four bytes of any pattern". It costs some 30 bytes for each byte of the
 * patterns.
 */
export class Automaton {
  /** Bit `hash & 7` of byte `hash >> 3`, where `hash = hashOf(window, hashShift)`. */
  readonly filter: Uint8Array;
  readonly hashShift: number;
  /** By node: how many bytes of a pattern it matches. */
  readonly depth: Int32Array;
  /** By node: the length of the longest pattern that ends here, or 0. */
  readonly found: Int32Array;
  /** By node: the length of the longest proper prefix of a pattern that ends here, or 0 if none. */
  readonly open: Int32Array;
  readonly #entries = new Map<Window, number>();
  readonly #byte: Uint8Array;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  /** By node: the node of the longest proper suffix. */
  readonly #fallback: Int32Array;
  #nodes = 1;

  /** @param patterns of four bytes or more */
  constructor(patterns: readonly Uint8Array[]) {
    const most = patterns.reduce((sum, { length }) => sum + length - shortestHidden + 1, 1);
    this.depth = new Int32Array(most);
    this.found = new Int32Array(most);
    this.open = new Int32Array(most);
    this.#byte = new Uint8Array(most);
    this.#firstChild = new Int32Array(most);
    this.#nextSibling = new Int32Array(most);
    this.#fallback = new Int32Array(most);
    const windows = new Int32Array(most);
    for (const pattern of patterns) this.#add(pattern, windows);
    // With 64 bits for each entry, a wrong window passes at most once in 64 times.
    const bits = Math.min(24, Math.max(14, Math.ceil(Math.log2(this.#entries.size * 64 + 1))));
    this.hashShift = 32 - bits;
    this.filter = new Uint8Array(2 ** (bits - 3));
    for (const window of this.#entries.keys()) {
      const hash = hashOf(window, this.hashShift);
      this.filter[hash >> 3]! |= 1 << (hash & 7);
    }
    this.#link(windows);
  }

  /** The node of depth 4 for the bytes in the window, or 0. */
  enter(window: Window): number {
    return this.#entries.get(window) ?? 0;
  }

  /**
   * The node after a further byte.
   * @param window including that byte
   */
  step(node: number, byte: number, window: Window): number {
    for (let at = node; at !== 0; at = this.#fallback[at]!) {
      const child = this.#child(at, byte);
      if (child !== 0) return child;
    }
    return this.enter(window);
  }

  #child(node: number, byte: number): number {
    let child = this.#firstChild[node]!;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#nextSibling[child]!;
    return child;
  }

  #add(pattern: Uint8Array, windows: Int32Array): void {
    let window: Window = 0;
    for (const byte of pattern.subarray(0, shortestHidden)) window = (window << 8) | byte;
    let node = this.enter(window);
    if (node === 0) {
      node = this.#make(shortestHidden, window, windows);
      this.#entries.set(window, node);
    }
    for (const byte of pattern.subarray(shortestHidden)) {
      window = (window << 8) | byte;
      let child = this.#child(node, byte);
      if (child === 0) {
        child = this.#make(this.depth[node]! + 1, window, windows);
        this.#byte[child] = byte;
        this.#nextSibling[child] = this.#firstChild[node]!;
        this.#firstChild[node] = child;
      }
      node = child;
    }
    this.found[node] = pattern.length;
  }

  #make(depth: number, window: Window, windows: Int32Array): number {
    const node = this.#nodes;
    this.#nodes += 1;
    this.depth[node] = depth;
    windows[node] = window;
    return node;
  }

  /** Sets the fallbacks, from shallow to deep nodes. */
  #link(windows: Int32Array): void {
    const queue = new Int32Array(this.#nodes);
    let end = 0;
    for (const node of this.#entries.values()) queue[end++] = node;
    for (let at = 0; at < end; at += 1) {
      const node = queue[at]!;
      const fallback = this.#fallback[node]!;
      if (this.found[node] === 0) this.found[node] = this.found[fallback]!;
      this.open[node] = this.#firstChild[node] === 0 ? this.open[fallback]! : this.depth[node]!;
      for (let child = this.#firstChild[node]!; child !== 0; child = this.#nextSibling[child]!) {
        this.#fallback[child] = this.step(fallback, this.#byte[child]!, windows[child]!);
        queue[end++] = child;
      }
    }
  }
}

/** 2^32 divided by the golden ratio: spreads windows that differ in few bits (Knuth, TAOCP 3, 6.4). */
const hashFactor = 0x9e3779b1 | 0;

export const hashOf = (window: Window, hashShift: number): number => Math.imul(window, hashFactor) >>> hashShift;
