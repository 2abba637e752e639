import { logStreams, type LogStream } from '../../engine/records.js';

/**
 * How a log is stored (ADR 11): the bytes as they were written, and beside them frames, which say where they come
 * from. A frame holds from its offset to that of the next one:
 *
 *     offset u48, time u48 (ms since 1970), origin u16 (index of the step × 4 + stream), big-endian
 */
export interface LogFrame extends Origin {
  /** Bytes of the log before it. */
  offset: number;
  /** Milliseconds since 1970. */
  time: number;
}

/** Where bytes of a log come from. */
export interface Origin {
  /** The index of the step; 0 for chainr's own words. */
  step: number;
  stream: LogStream;
}

/** A piece of what is appended. */
export interface LogPiece extends Origin {
  time: number;
  bytes: Buffer;
}

/** A line of chainr's own. */
export const markOf = (text: string, time: number): LogPiece => {
  return { time, step: 0, stream: 'system', bytes: Buffer.from(`${text}\n`) };
};

/** A frame takes so many. */
export const frameBytes = 14;

/**
 * What is stored of pieces at the end of a log that is `length` bytes long: pieces of one origin and millisecond share
 * a frame.
 */
export function packPieces(length: number, pieces: readonly LogPiece[]): { bytes: Buffer; frames: Buffer } {
  const frames = Buffer.allocUnsafe(pieces.length * frameBytes);
  let framed = 0;
  let offset = length;
  let last: LogPiece | undefined;
  for (const piece of pieces) {
    const { time, step, stream } = piece;
    if (piece.bytes.length === 0) continue;
    if (last?.time !== time || last.step !== step || last.stream !== stream) {
      frames.writeUIntBE(offset, framed, 6);
      frames.writeUIntBE(time, framed + 6, 6);
      frames.writeUInt16BE(step * 4 + logStreams.indexOf(stream), framed + 12);
      framed += frameBytes;
    }
    offset += piece.bytes.length;
    last = piece;
  }
  return { bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), frames: frames.subarray(0, framed) };
}

/** The frames of whole ones in `bytes`. */
export function unpackFrames(bytes: Buffer): LogFrame[] {
  return Array.from({ length: Math.floor(bytes.length / frameBytes) }, (_, place) => {
    const at = place * frameBytes;
    const origin = bytes.readUInt16BE(at + 12);
    return {
      offset: bytes.readUIntBE(at, 6),
      time: bytes.readUIntBE(at + 6, 6),
      step: origin >> 2,
      stream: logStreams[origin & 3] ?? 'system',
    };
  });
}
