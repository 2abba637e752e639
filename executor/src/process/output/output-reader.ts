import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { LogBatch, OutputChunk, Position } from '../../port.js';
import { saysGone } from '../small-files.js';
import { formatPosition, listSegments, parsePosition, type Place, readLoss, segmentFile } from './segment-files.js';
import { readStepExit } from '../watch/step-exit.js';

/** The most bytes in one read. */
const maxBatchBytes = 256 * 1024;

const earlierVersion = 'The rest of its output is missing: an earlier version of chainr started it.';
const lostByStore = 'Output is missing here: the store lost it after it had been removed from disk.';

/**
 * Reads the output of an attempt's steps, one after the other, from a position on. Reads are synchronous: fresh output
 * is in memory, and a turn through the thread pool costs more than the read.
 */
export class OutputReader {
  readonly #path: string;
  readonly #steps: readonly { name: string }[];
  readonly #end: Place;
  #place: Place | undefined;
  /** The open segment. */
  #file: number | undefined;

  constructor(path: string, steps: readonly { name: string }[], from: Position) {
    this.#path = path;
    this.#steps = steps;
    this.#end = { step: steps.length, segment: 0, offset: 0 };
    this.#place = parsePosition(from);
  }

  /**
   * The output since the last call, at most 256 KiB; undefined if there is none yet.
   * @param ended nothing more will be written
   */
  read(ended: boolean): LogBatch | undefined {
    if (this.#place === undefined || this.#isOfEarlierVersion(this.#place)) {
      this.#place = this.#end;
      return this.#batchOf('system', Buffer.from(`${earlierVersion}\n`), 0);
    }
    for (;;) {
      const place: Place = this.#place;
      if (place.step >= this.#steps.length) return undefined;
      const bytes = this.#readSegment(place);
      if (bytes) return this.#batchOf('stdout', bytes, place.step);
      // Checked before the read, so that the read gets everything written before the next segment began.
      const next = nextSegment(this.#path, place);
      const isOver = ended || readStepExit(this.#path, place.step)?.whole === true;
      if (next === undefined && !isOver) return undefined;
      const rest = this.#readSegment(place);
      if (rest) return this.#batchOf('stdout', rest, place.step);
      const mark = this.#whatIsMissing(place, next);
      this.close();
      this.#place =
        next === undefined
          ? { step: place.step + 1, segment: 0, offset: 0 }
          : { step: place.step, segment: next, offset: 0 };
      if (mark !== undefined) return this.#batchOf('system', Buffer.from(`${mark}\n`), place.step);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Reads the segment after the place, and advances that; undefined if there is nothing. */
  #readSegment(place: Place): Buffer | undefined {
    this.#file ??= openIfThere(segmentFile(this.#path, place));
    if (this.#file === undefined) return undefined;
    const left = fstatSync(this.#file).size - place.offset;
    if (left <= 0) return undefined;
    const buffer = Buffer.allocUnsafe(Math.min(left, maxBatchBytes));
    const bytesRead = readSync(this.#file, buffer, 0, buffer.length, place.offset);
    place.offset += bytesRead;
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  }

  #batchOf(stream: OutputChunk['stream'], bytes: Buffer, step: number): LogBatch {
    const chunk = { time: Date.now(), step: this.#steps[step]?.name ?? '', stream, bytes };
    return { chunks: [chunk], position: formatPosition(this.#place ?? this.#end) };
  }

  /** A sentence if output is missing between a segment that was read to its end and the next one. */
  #whatIsMissing({ step, segment }: Place, next: number | undefined): string | undefined {
    const loss = readLoss(this.#path, step);
    if (loss?.after === segment) {
      return `Output is missing from here on: it could not be written to ${this.#path} (${loss.why}).`;
    }
    return next !== undefined && next > segment + 1 ? lostByStore : undefined;
  }

  #isOfEarlierVersion({ step, segment, offset }: Place): boolean {
    return step === 0 && segment === 0 && offset === 0 && existsSync(join(this.#path, '0.out'));
  }
}

/** The number of the first segment of the same step after this one. */
function nextSegment(path: string, { step, segment }: Place): number | undefined {
  if (existsSync(segmentFile(path, { step, segment: segment + 1 }))) return segment + 1;
  if (existsSync(segmentFile(path, { step, segment }))) return undefined;
  // It does not exist yet, or was removed and is needed again.
  const later = listSegments(path).filter((each) => each.step === step && each.segment > segment);
  return later.length === 0 ? undefined : Math.min(...later.map((each) => each.segment));
}

function openIfThere(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (saysGone(error)) return undefined;
    throw error;
  }
}
