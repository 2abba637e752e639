import { existsSync, fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogBatch, OutputChunk, Position } from '../port.js';
import { stepFile } from './attempt-folder.js';
import { formatPosition, parsePosition, type Offsets } from './log-position.js';
import { saysGone } from './read-if-there.js';

/** What is read of all outputs at once. */
const maxBatchBytes = 256 * 1024;

interface OutputFile {
  step: string;
  index: number;
  stream: 0 | 1;
  path: string;
  handle: FileHandle | undefined;
}

interface StepFiles {
  /** There once the step has ended, before the next one begins. */
  exit: string;
  outputs: readonly OutputFile[];
}

/** Reads the output files of an attempt's steps, one step after the other, from a position on. */
export class OutputReader {
  readonly #offsets: Offsets;
  readonly #steps: StepFiles[];
  /** How many steps have ended and were read to their end. */
  #past = 0;

  constructor(path: string, steps: readonly { name: string }[], from: Position) {
    this.#offsets = parsePosition(from, steps.length);
    this.#steps = steps.map(({ name }, index) => ({
      exit: join(path, stepFile(index, 'exit')),
      outputs: ([0, 1] as const).map((stream) => {
        const file = join(path, stepFile(index, stream === 0 ? 'out' : 'err'));
        return { step: name, index, stream, path: file, handle: undefined };
      }),
    }));
  }

  /**
   * What was written since the last call, 256 KiB of it at most; undefined if there is nothing yet. `ended` says that
   * nothing more is going to be written.
   */
  async read(ended: boolean): Promise<LogBatch | undefined> {
    const chunks: OutputChunk[] = [];
    let room = maxBatchBytes;
    for (const [index, { exit, outputs }] of this.#steps.entries()) {
      // Looked at before the reading, as the end of the attempt is. What outlives its step may write on.
      const isOver = ended || (index === this.#past && existsSync(exit));
      let isWhole = true;
      for (const file of outputs) {
        if (room <= 0) return batchOf(chunks, this.#offsets);
        const { bytes, more } = await this.#readFile(file, room);
        if (bytes.length > 0) chunks.push(chunkOf(file, bytes));
        room -= bytes.length;
        if (more) isWhole = false;
      }
      // What the next step has written comes after all that this one wrote.
      if (!isWhole) break;
      if (index >= this.#past) {
        if (!isOver) break;
        this.#past = index + 1;
      }
    }
    return batchOf(chunks, this.#offsets);
  }

  async close(): Promise<void> {
    for (const { outputs } of this.#steps) for (const { handle } of outputs) await handle?.close();
  }

  /** Up to so many bytes, and whether the file has more. */
  async #readFile(file: OutputFile, room: number): Promise<{ bytes: Buffer; more: boolean }> {
    file.handle ??= await openIfThere(file.path);
    const offsets = this.#offsets[file.index];
    if (!file.handle || !offsets) return { bytes: nothing, more: false };
    const offset = offsets[file.stream];
    const left = fstatSync(file.handle.fd).size - offset;
    if (left <= 0) return { bytes: nothing, more: false };
    const buffer = Buffer.allocUnsafe(Math.min(left, room));
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, offset);
    offsets[file.stream] += bytesRead;
    return { bytes: buffer.subarray(0, bytesRead), more: left > bytesRead };
  }
}

const nothing = Buffer.alloc(0);

const chunkOf = ({ step, stream }: OutputFile, bytes: Buffer): OutputChunk => {
  return { time: Date.now(), step, stream: stream === 0 ? 'stdout' : 'stderr', bytes };
};

const batchOf = (chunks: OutputChunk[], offsets: Offsets): LogBatch | undefined =>
  chunks.length > 0 ? { chunks, position: formatPosition(offsets) } : undefined;

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}
