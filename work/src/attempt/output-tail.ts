import type { LogPiece } from '@chainr/core/store/logs/log-format';
import type { Position } from '@chainr/executor/port';

interface Batch {
  /** The position from which the executor's output was read for it. */
  from: Position;
  /** How many bytes from that position come before these pieces; they are stored. */
  passed: number;
  pieces: readonly LogPiece[];
  bytes: number;
}

/** The store's position for a log with a part left out. */
export interface TailPlace {
  /** How many bytes are left out. */
  skipped: number;
  /** Where to read on, and how many bytes to skip from there, since they are stored. */
  from: Position;
  passed: number;
}

/** The end of an output, up to the size that is kept beyond the limit of a log: whole batches, the oldest go first. */
export class OutputTail {
  readonly #most: number;
  #batches: Batch[] = [];
  #bytes = 0;
  #skipped: number;

  /**
   * @param most how many bytes are kept
   * @param skipped how many were left out before, perhaps by another worker
   */
  constructor(most: number, skipped: number) {
    this.#most = most;
    this.#skipped = skipped;
  }

  /** How many bytes are left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Where another worker has to read on to get the same tail. */
  get place(): TailPlace | undefined {
    const [first] = this.#batches;
    return first && { skipped: this.#skipped, from: first.from, passed: first.passed };
  }

  push(batch: Omit<Batch, 'bytes'>): void {
    const bytes = sizeOf(batch.pieces);
    this.#batches.push({ ...batch, bytes });
    this.#bytes += bytes;
    for (let first = this.#batches[0]; first && this.#bytes - first.bytes >= this.#most; first = this.#batches[0]) {
      this.#batches.shift();
      this.#bytes -= first.bytes;
      this.#skipped += first.bytes;
    }
  }

  /** The kept bytes, at most `most`. */
  pieces(most = this.#most): { pieces: LogPiece[]; skipped: number } {
    const all = this.#batches.flatMap(({ pieces }) => pieces);
    const excess = Math.max(0, this.#bytes - most);
    return { pieces: withoutFirst(all, excess), skipped: this.#skipped + excess };
  }
}

export const sizeOf = (pieces: readonly LogPiece[]): number => pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** The pieces without their first `count` bytes. */
export function withoutFirst(pieces: readonly LogPiece[], count: number): LogPiece[] {
  let left = count;
  return pieces.flatMap((piece) => {
    const bytes = piece.bytes.subarray(left);
    left -= piece.bytes.length - bytes.length;
    return bytes.length > 0 ? [{ ...piece, bytes }] : [];
  });
}

/** The first `count` bytes of the pieces. */
export function firstOf(pieces: readonly LogPiece[], count: number): LogPiece[] {
  let left = count;
  return pieces.flatMap((piece) => {
    const bytes = piece.bytes.subarray(0, left);
    left -= bytes.length;
    return bytes.length > 0 ? [{ ...piece, bytes }] : [];
  });
}

const skippingPosition = /^~(\d+)~(\d+)~(.*)$/s;

/** The form in the store: the executor's own position while nothing is left out. */
export const formatPlace = ({ skipped, passed, from }: TailPlace): Position =>
  skipped === 0 && passed === 0 ? from : `~${String(skipped)}~${String(passed)}~${from}`;

export function parsePlace(position: Position): TailPlace {
  const [, skipped, passed, from] = skippingPosition.exec(position) ?? [];
  return from === undefined
    ? { skipped: 0, passed: 0, from: position }
    : { skipped: Number(skipped), passed: Number(passed), from };
}
