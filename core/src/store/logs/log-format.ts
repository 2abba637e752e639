import { logStreams, type LogStream } from '../../engine/records.js';

/**
 * How a log is stored (ADR 11): the bytes as written, and frames, which say where they come from. A frame is valid from
 * its offset to that of the next frame:
 *
 *     offset u48, time u48 (ms since 1970), origin u16 (index of the step or service × 4 + stream), big-endian
 */
export interface LogFrame extends Origin {
  /** In bytes of the log. */
  offset: number;
  /** Milliseconds since 1970. */
  time: number;
}

/** The origin of bytes of a log. */
export interface Origin {
  /** The index of the step or service (`logNames`); 0 for chainr's own messages. */
  step: number;
  stream: LogStream;
}

/** A piece to append. */
export interface LogPiece extends Origin {
  time: number;
  bytes: Buffer;
}

/** A line of chainr itself. */
export const markOf = (text: string, time: number): LogPiece => {
  return { time, step: 0, stream: 'system', bytes: Buffer.from(`${text}\n`) };
};

/** The size of a packed frame. */
export const frameBytes = 14;

/**
 * Packs pieces for the end of a log that is `length` bytes long. Pieces of one origin and millisecond share a frame.
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

/** The complete frames in `bytes`. */
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
