import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';

/** A pipe from a container: its end to write, and the stream that reads it. */
export interface OutputPipe {
  writeEnd: number;
  /** To be called once the container has its copy of the end to write. */
  read: (onData: (bytes: Buffer) => void) => Promise<void>;
}

/**
 * Pipes for the output of containers. Those that Node makes for a child are sockets, and a script that opens
 * `/dev/stdout` anew would fail.
 */
export class OutputPipes {
  readonly #folder: string;
  readonly #free: string[] = [];
  #made = 0;
  #making: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take(): Promise<OutputPipe> {
    while (this.#free.length === 0) await (this.#making ??= this.#make());
    const path = this.#free.pop() ?? '';
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = openSync(path, constants.O_WRONLY);
    rmSync(path);
    return {
      writeEnd,
      read: (onData) => {
        closeSync(writeEnd);
        const socket = new Socket({ fd: readEnd, readable: true, writable: false });
        socket.on('data', onData);
        return new Promise((resolve, reject) => {
          socket.on('error', reject).on('close', () => resolve());
        });
      },
    };
  }

  async #make(): Promise<void> {
    const names = Array.from({ length: 16 }, (_, index) => `${this.#folder}/pipe-${this.#made + index}`);
    this.#made += names.length;
    await promisify(execFile)('mkfifo', ['-m', '666', ...names]);
    this.#free.push(...names);
    this.#making = undefined;
  }
}
