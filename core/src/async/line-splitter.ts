/** Splits a stream of UTF-8 into lines, wherever its parts end. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The lines that end in this part, without newlines; empty lines too. */
  take(part: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(part, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
