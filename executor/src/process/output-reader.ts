import { fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '@chainr/core/model/records';
import type { LogBatch, Position } from '../port.js';
import { maxLineBytes, splitLines } from '../split-lines.js';
import { stepFile } from './attempt-folder.js';
import { formatPosition, parsePosition, type Offsets } from './log-position.js';
import { saysGone } from './read-if-there.js';

/** What is read of an output at once. */
const maxBatchBytes = 256 * 1024;
/** Room for the longest line and its newline, so that a read of so many bytes always ends some line. */
const readBytes = maxLineBytes + 2;

interface OutputFile {
  step: string;
  index: number;
  stream: 0 | 1;
  path: string;
  handle: FileHandle | undefined;
}

/** Reads the output files of an attempt's steps, from a position on. */
export class OutputReader {
  readonly #offsets: Offsets;
  readonly #files: OutputFile[];

  constructor(path: string, steps: readonly { name: string }[], from: Position) {
    this.#offsets = parsePosition(from, steps.length);
    this.#files = steps.flatMap(({ name }, index) =>
      ([0, 1] as const).map((stream) => {
        const file = join(path, stepFile(index, stream === 0 ? 'out' : 'err'));
        return { step: name, index, stream, path: file, handle: undefined };
      }),
    );
  }

  /**
   * The next lines, some 256 KiB of them at most; undefined if there are none yet. `ended` says that nothing more is
   * going to be written, so that a last line without a newline is one too.
   */
  async read(ended: boolean): Promise<LogBatch | undefined> {
    const lines: LogLine[] = [];
    let room = maxBatchBytes;
    for (const file of this.#files) {
      if (room <= 0) break;
      room -= await this.#readFile(file, ended, lines);
    }
    return lines.length > 0 ? { lines, position: formatPosition(this.#offsets) } : undefined;
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.handle?.close();
  }

  /** Reads what fits into one buffer; the number of bytes that became lines. */
  async #readFile(file: OutputFile, ended: boolean, lines: LogLine[]): Promise<number> {
    file.handle ??= await openIfThere(file.path);
    const offsets = this.#offsets[file.index];
    if (!file.handle || !offsets) return 0;
    const offset = offsets[file.stream];
    const left = fstatSync(file.handle.fd).size - offset;
    if (left <= 0) return 0;
    const buffer = Buffer.allocUnsafe(Math.min(left, readBytes));
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, offset);
    const split = splitLines(buffer.subarray(0, bytesRead), ended && left <= readBytes);
    const time = Date.now();
    for (const { text, newline } of split.lines) {
      lines.push({ time, step: file.step, stream: file.stream === 0 ? 'stdout' : 'stderr', text, newline });
    }
    offsets[file.stream] += split.consumed;
    return split.consumed;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}
