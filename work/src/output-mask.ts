import { StringDecoder } from 'node:string_decoder';
import type { OutputChunk } from '@chainr/executor/port';
import type { Mask } from './mask.js';

/** Hides secrets in the output of an attempt as it is read, also where one is split between chunks. */
export class OutputMask {
  readonly #mask: Mask;
  readonly #fromBeginning: boolean;
  /** By step and stream: the end of a line that goes on, or '' after one that has ended. */
  readonly #ends = new Map<string, string>();
  readonly #decoders = new Map<string, StringDecoder>();

  /** @param fromBeginning of the output; else what was read before, perhaps by another worker, is not known. */
  constructor(mask: Mask, fromBeginning: boolean) {
    this.#mask = mask;
    this.#fromBeginning = fromBeginning;
  }

  /** Chunks that may be stored. To be called with all chunks, in their order. */
  chunks(chunks: readonly OutputChunk[]): readonly OutputChunk[] {
    return this.#mask.isEmpty ? chunks : chunks.map((chunk) => this.#chunk(chunk));
  }

  #chunk(chunk: OutputChunk): OutputChunk {
    const place = `${chunk.step} ${chunk.stream}`;
    const decoder = this.#decoders.get(place) ?? new StringDecoder('utf8');
    this.#decoders.set(place, decoder);
    const text = decoder.write(chunk.bytes);
    const goesOn = !text.endsWith('\n');
    const before = this.#ends.get(place) ?? (this.#fromBeginning ? '' : undefined);
    const { memory } = this.#mask;
    this.#ends.set(place, goesOn && memory > 0 ? ((before ?? '') + text).slice(-memory) : '');
    return { ...chunk, bytes: Buffer.from(this.#mask.piece(text, before, goesOn)) };
  }
}
