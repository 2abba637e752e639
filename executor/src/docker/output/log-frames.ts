/** One entry of a container's log: a line, or a piece of one that is longer than 16 KiB. */
export interface LogFrame {
  stream: 'stdout' | 'stderr';
  /** In the daemon's format, with nanoseconds: sorts as text. */
  timestamp: string;
  /** The bytes as written, with the newline if there is one. */
  bytes: Buffer;
}

const headBytes = 8;

/**
 * Splits the daemon's log stream into frames: eight bytes (stream, three zeros, length as u32 big-endian), then the
 * bytes of one entry, which begin with a timestamp and a space. https://docs.docker.com/reference/api/engine/
 * (ContainerAttach, "Stream format").
 */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): LogFrame[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const frames: LogFrame[] = [];
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = bytes.readUInt32BE(at + 4);
      if (bytes.length - at - headBytes < length) break;
      frames.push(frameOf(bytes.readUInt8(at), bytes.subarray(at + headBytes, at + headBytes + length)));
      at += headBytes + length;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return frames;
  }
}

function frameOf(stream: number, entry: Buffer): LogFrame {
  const space = entry.indexOf(0x20);
  return {
    stream: stream === 2 ? 'stderr' : 'stdout',
    timestamp: entry.toString('latin1', 0, space),
    bytes: Buffer.from(entry.subarray(space + 1)),
  };
}
