import type { LogBatch, OutputChunk } from '@chainr/executor/port';
import { cover, type Mask } from './mask.js';
import type { Scanner } from './scanner.js';

/** No more than this is held back, whatever it may be the beginning of. */
const mostHeldBytes = 1024 * 1024;

/** The output of a step on one stream, in order. */
interface Sequence {
  readonly scanner: Scanner;
  /** The end of the last cover that was passed on. */
  coveredTo: number;
}

interface HeldChunk {
  readonly chunk: OutputChunk;
  readonly sequence: Sequence;
  /** Its place in the sequence. */
  readonly from: number;
  readonly to: number;
}

interface HeldBatch {
  readonly position: LogBatch['position'];
  readonly chunks: readonly HeldChunk[];
}

/**
 * Hides secrets in the output of an attempt as it is read, however it is split into chunks. Bytes that may begin a
 * secret are held back until that is known. Whole batches are held back, since only their ends have positions from
 * which another worker could continue.
 */
export class OutputMask {
  readonly #mask: Mask;
  readonly #fromBeginning: boolean;
  readonly #sequences = new Map<string, Sequence>();
  readonly #held: HeldBatch[] = [];
  #heldBytes = 0;

  /**
   * @param fromBeginning whether it starts at the beginning of the output; otherwise earlier bytes are unknown, perhaps
   * read by another worker
   */
  constructor(mask: Mask, fromBeginning: boolean) {
    this.#mask = mask;
    this.#fromBeginning = fromBeginning;
  }

  /** Whether anything is held back. */
  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Takes the next batch. Returns what may be stored by now, of this batch and earlier ones, as one batch. */
  add({ chunks, position }: LogBatch): LogBatch | undefined {
    this.#held.push({ position, chunks: chunks.map((chunk) => this.#scan(chunk)) });
    if (this.#heldBytes > mostHeldBytes) return this.cover();
    const open = new Map([...this.#sequences.values()].map((each) => [each, each.scanner.openFrom ?? Infinity]));
    const isClear = ({ sequence, to }: HeldChunk): boolean => to <= (open.get(sequence) ?? Infinity);
    const waits = this.#held.findIndex((batch) => !batch.chunks.every(isClear));
    return this.#release(waits < 0 ? this.#held.length : waits);
  }

  /** Everything held back, with possible beginnings of secrets covered: it is not held back any longer. */
  cover(): LogBatch | undefined {
    for (const { scanner } of this.#sequences.values()) scanner.coverOpen();
    return this.#release(this.#held.length);
  }

  /** Everything held back, since the output is over: what has begun is not a secret. */
  rest(): LogBatch | undefined {
    return this.#release(this.#held.length);
  }

  #scan(chunk: OutputChunk): HeldChunk {
    const sequence = this.#sequenceOf(chunk);
    const { scanner } = sequence;
    const from = scanner.length;
    scanner.scan(chunk.bytes);
    this.#heldBytes += chunk.bytes.length;
    return { chunk, sequence, from, to: scanner.length };
  }

  #sequenceOf({ step, stream }: OutputChunk): Sequence {
    const name = `${step} ${stream}`;
    let sequence = this.#sequences.get(name);
    if (!sequence) {
      sequence = { scanner: this.#mask.scanner({ fromBeginning: this.#fromBeginning }), coveredTo: 0 };
      this.#sequences.set(name, sequence);
    }
    return sequence;
  }

  #release(count: number): LogBatch | undefined {
    const released = this.#held.splice(0, count);
    const last = released.at(-1);
    if (!last) return undefined;
    const chunks = released.flatMap((batch) => batch.chunks);
    for (const { chunk } of chunks) this.#heldBytes -= chunk.bytes.length;
    return { position: last.position, chunks: chunks.map(covered).filter(({ bytes }) => bytes.length > 0) };
  }
}

/** A secret that continues from one chunk into the next is covered once. */
function covered({ chunk, sequence, from, to }: HeldChunk): OutputChunk {
  const ranges = sequence.scanner.foundFrom(from).filter(([begin]) => begin < to);
  if (ranges.length === 0) return chunk;
  const pieces: Buffer[] = [];
  let end = from;
  for (const [begin, behind] of ranges) {
    if (begin > end) pieces.push(chunk.bytes.subarray(end - from, begin - from));
    if (begin >= end || sequence.coveredTo !== end) pieces.push(Buffer.from(cover));
    end = Math.min(behind, to);
    sequence.coveredTo = end;
  }
  pieces.push(chunk.bytes.subarray(end - from));
  return { ...chunk, bytes: Buffer.concat(pieces) };
}
