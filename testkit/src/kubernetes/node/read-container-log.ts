import { open, type FileHandle } from 'node:fs/promises';
import type { ContainerLog } from './container-log.js';
import { aborted } from './pause.js';

export interface LogOptions {
  follow: boolean;
  timestamps: boolean;
  /** Only what is not older: milliseconds since 1970. */
  sinceMs?: number;
  tailLines?: number;
  limitBytes?: number;
  stream?: 'stdout' | 'stderr';
}

/**
 * What the kubelet answers for a log: https://github.com/kubernetes/kubernetes, `cri-client/pkg/logs/logs.go`. Only the
 * newest file is read; a follow goes on with those that come after it.
 */
export async function* readContainerLog(
  log: ContainerLog,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { follow, tailLines } = options;
  const format = formatter(options);
  const ended = aborted(signal);
  let generation = log.generation;
  let file = await open(log.pathOf(generation));
  try {
    let position = tailLines === undefined ? 0 : await findTail(file, tailLines);
    while (!signal.aborted && !format.isFull) {
      // Asked before the read: what is written after it wakes the wait below.
      const [isClosed, newest, more] = [log.isClosed, log.generation, log.more()];
      const bytes = await readChunk(file, position);
      const end = bytes.lastIndexOf(10) + 1;
      position += end;
      const out = format.take(bytes.subarray(0, end));
      if (out.length > 0) yield out;
      if (end > 0) continue;
      if (!follow) return;
      if (newest > generation) {
        await file.close();
        generation = Math.max(generation + 1, log.oldest);
        file = await open(log.pathOf(generation));
        position = 0;
      } else if (isClosed) return;
      else await Promise.race([more, ended]);
    }
  } finally {
    await file.close();
  }
}

/** More than a piece of a line, so that each chunk has the end of one. */
const chunkSize = 256 * 1024;

async function readChunk(file: FileHandle, position: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize, position);
  return buffer.subarray(0, bytesRead);
}

/** Where the last lines begin. Pieces count as lines, as they do for the kubelet. */
async function findTail(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  const all = await file.read(Buffer.alloc(size), 0, size, 0);
  let at = size;
  for (let left = lines; left > 0 && at > 0; left -= 1) at = all.buffer.lastIndexOf(10, at - 2) + 1;
  return lines === 0 ? size : at;
}

function formatter({ timestamps, sinceMs = 0, limitBytes = Infinity, stream }: LogOptions) {
  let isNewLine = true;
  let left = limitBytes;
  return {
    get isFull() {
      return left <= 0;
    },
    take: (bytes: Buffer): Buffer => {
      const parts: Buffer[] = [];
      for (let start = 0; start < bytes.length && left > 0;) {
        const end = bytes.indexOf(10, start) + 1;
        const line = bytes.subarray(start, end);
        start = end;
        const afterTime = line.indexOf(32);
        const afterStream = line.indexOf(32, afterTime + 1);
        const time = line.toString('latin1', 0, afterTime);
        if (sinceMs > 0 && Date.parse(time) < sinceMs) continue;
        if (stream && line.toString('latin1', afterTime + 1, afterStream) !== stream) continue;
        const isPiece = line[afterStream + 1] === 'P'.charCodeAt(0);
        const content = line.subarray(afterStream + 3, isPiece ? -1 : undefined);
        const whole = timestamps && isNewLine ? Buffer.concat([Buffer.from(`${time} `), content]) : content;
        const cut = whole.subarray(0, Math.min(whole.length, left));
        left -= cut.length;
        parts.push(cut);
        isNewLine = !isPiece;
      }
      return Buffer.concat(parts);
    },
  };
}
