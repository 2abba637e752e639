import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** What waits to be written together, in UTF-16 units; about the capacity of a pipe. */
const batchLength = 64 * 1024;

/**
 * Writes what is added within one turn of the event loop at once, so that a line that comes alone is still shown at
 * once. Each write to a pipe or a file is a system call: one for each of a million short lines takes longer than all
 * else.
 */
export class BatchedOutput {
  readonly #stream: Writable;
  #text = '';
  #timer: NodeJS.Immediate | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Resolves when there is room for more. */
  async add(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= batchLength || this.#stream.writableNeedDrain) await this.flush();
    else
      this.#timer ??= setImmediate(() => {
        this.#write();
      });
  }

  /** Writes what was added. Resolves when the stream has taken it. */
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
