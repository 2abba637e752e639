import type { Writable } from 'node:stream';
import stringWidth from 'string-width';
import type { Screen } from '../terminal/terminal.js';

/** Redraws lines at the end of a terminal. No line may be wider than the screen. */
export class LiveScreen {
  readonly #stdout: Writable;
  readonly #screen: Screen;
  readonly #showCursor: () => void;
  #drawn: readonly string[] = [];

  constructor(stdout: Writable, screen: Screen) {
    this.#stdout = stdout;
    this.#screen = screen;
    this.#showCursor = screen.hideCursor();
  }

  /** Replaces the lines drawn before, in one write to avoid flicker. */
  draw(lines: readonly string[]): void {
    const up = this.#rowsDrawn();
    const back = up > 0 ? `\u001b[${String(up)}A\r` : '\r';
    this.#stdout.write(`${back}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    this.#drawn = lines;
  }

  /** Leaves the last lines on the screen. */
  end(): void {
    this.#showCursor();
  }

  /** If the terminal became narrower, it has wrapped the lines. */
  #rowsDrawn(): number {
    const { columns } = this.#screen;
    return this.#drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
  }
}
