import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** The size of a batch in UTF-16 units; about the capacity of a pipe. */
const batchLength = 64 * 1024;

/**
 * Collects the text of one tick of the event loop and writes it at once. Each write to a pipe or a file is a system call,
 * and one for each of a million short lines takes longer than everything else. A line that comes alone is shown at once.
 */
export class BatchedOutput {
  readonly #stream: Writable;
  #text = '';
  #timer: NodeJS.Immediate | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Resolves when the stream accepts more. */
  async add(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= batchLength || this.#stream.writableNeedDrain) await this.flush();
    else
      this.#timer ??= setImmediate(() => {
        this.#write();
      });
  }

  /** Writes the batch. Resolves when the stream has accepted it. */
  async flush(): Promise<void> {
    this.#write();
    if (this.#stream.writableNeedDrain) await once(this.#stream, 'drain');
  }

  #write(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    if (this.#text === '') return;
    this.#stream.write(this.#text);
    this.#text = '';
  }
}
