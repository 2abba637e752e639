import { existsSync, fstatSync } from 'node:fs';
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
   * The next lines, some 256 KiB of them at most; undefined if there are none yet. With the end of its step a last line
   * without a newline is one too. `ended` says that nothing more is going to be written.
   */
  async read(ended: boolean): Promise<LogBatch | undefined> {
    const lines: LogLine[] = [];
    let room = maxBatchBytes;
    for (const [index, { exit, outputs }] of this.#steps.entries()) {
      // Looked at before the reading, as the end of the attempt is. What outlives its step may write on: whole lines.
      const isOver = ended || (index === this.#past && existsSync(exit));
      let isWhole = true;
      for (const file of outputs) {
        if (room <= 0) return batchOf(lines, this.#offsets);
        const { consumed, more } = await this.#readFile(file, isOver, lines);
        room -= consumed;
        if (more) isWhole = false;
      }
      // What the next step has written comes after all that this one wrote.
      if (!isWhole) break;
      if (index >= this.#past) {
        if (!isOver) break;
        this.#past = index + 1;
      }
    }
    return batchOf(lines, this.#offsets);
  }

  async close(): Promise<void> {
    for (const { outputs } of this.#steps) for (const { handle } of outputs) await handle?.close();
  }

  /** Reads what fits into one buffer: how many bytes became lines, and whether the file has more. */
  async #readFile(file: OutputFile, isOver: boolean, lines: LogLine[]): Promise<{ consumed: number; more: boolean }> {
    file.handle ??= await openIfThere(file.path);
    const offsets = this.#offsets[file.index];
    if (!file.handle || !offsets) return { consumed: 0, more: false };
    const offset = offsets[file.stream];
    const left = fstatSync(file.handle.fd).size - offset;
    if (left <= 0) return { consumed: 0, more: false };
    const more = left > readBytes;
    const buffer = Buffer.allocUnsafe(Math.min(left, readBytes));
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, offset);
    const split = splitLines(buffer.subarray(0, bytesRead), isOver && !more);
    const time = Date.now();
    for (const { text, newline } of split.lines) {
      lines.push({ time, step: file.step, stream: file.stream === 0 ? 'stdout' : 'stderr', text, newline });
    }
    offsets[file.stream] += split.consumed;
    return { consumed: split.consumed, more };
  }
}

const batchOf = (lines: LogLine[], offsets: Offsets): LogBatch | undefined =>
  lines.length > 0 ? { lines, position: formatPosition(offsets) } : undefined;

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}
