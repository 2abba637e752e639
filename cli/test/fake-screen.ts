import type { Screen } from '../src/terminal/terminal.js';

/** A terminal that a test can resize. */
export class FakeScreen implements Screen {
  columns: number;
  rows: number;
  cursorHidden = false;
  readonly #listeners = new Set<() => void>();

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  hideCursor(): () => void {
    this.cursorHidden = true;
    return () => (this.cursorHidden = false);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    for (const listener of this.#listeners) listener();
  }
}
