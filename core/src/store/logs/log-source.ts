import type { Redis } from 'ioredis';
import type { ObjectStore } from '../../objects/object-store.js';
import { ArchiveUnavailable, LogRemoved } from '../redis/errors.js';
import { logPartBytes } from '../redis/keys.js';

/** What a page is read from. Both reject rather than return less than they are asked for. */
export interface LogSource {
  bytes(from: number, to: number): Promise<Buffer>;
  /** A range of the packed frames (`log-format.ts`), in bytes; only of a log whose frames are not in its hash. */
  frames(from: number, to: number): Promise<Buffer>;
}

/** @param key of the log @throws LogRemoved if it is not in Redis any more */
export function storedLog(connection: Redis, key: string): LogSource {
  const read = async (partKey: string, from: number, to: number): Promise<Buffer> => {
    const bytes = await readParts(connection, partKey, from, to);
    if (bytes.length < to - from) throw new LogRemoved('The log was removed while it was read.');
    return bytes;
  };
  return {
    bytes: (from, to) => read(`${key}:`, from, to),
    frames: (from, to) => read(`${key}:f`, from, to),
  };
}

/**
 * A log in the archive: its bytes, and behind them its frames.
 *
 * @param length of its bytes
 * @param size of the whole object
 * @throws ArchiveUnavailable
 */
export function archivedLog(
  objects: ObjectStore,
  name: string,
  { length, size }: { length: number; size: number },
): LogSource {
  // prettier-ignore
  const bytes = readAhead((from, to) => readObject(objects, name, from, to), length);
  const frames = readAhead((from, to) => readObject(objects, name, from, to), size);
  return { bytes, frames: (from, to) => frames(length + from, length + to) };
}

/** How much is read at once of a log that is read on and on: a request to an object store takes long. */
const aheadBytes = 1024 * 1024;

/** The same reads in fewer requests, if one begins where the former has ended. */
function readAhead(read: LogSource['bytes'], end: number): LogSource['bytes'] {
  let start = 0;
  let known: Buffer = Buffer.alloc(0);
  return async (from, to) => {
    if (from === to) return Buffer.alloc(0);
    const goesOn = known.length > 0 && from >= start && from <= start + known.length;
    if (!goesOn || to > start + known.length) {
      const until = goesOn ? Math.max(to, Math.min(end, from + aheadBytes)) : to;
      known = await read(from, until);
      start = from;
    }
    return known.subarray(from - start, to - start);
  };
}

async function readObject(objects: ObjectStore, name: string, from: number, to: number): Promise<Buffer> {
  let bytes: Buffer | undefined;
  try {
    bytes = await objects.read(name, from, to);
  } catch (error) {
    throw new ArchiveUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (!bytes) throw new ArchiveUnavailable(`There is no ${name} in ${objects.address}.`);
  return bytes;
}

/** Less than was asked for if parts are missing. */
async function readParts(connection: Redis, key: string, from: number, to: number): Promise<Buffer> {
  const parts: Promise<Buffer>[] = [];
  for (let at = from; at < to;) {
    const start = at % logPartBytes;
    const stop = Math.min(logPartBytes, start + (to - at));
    parts.push(connection.getrangeBuffer(`${key}${String(Math.floor(at / logPartBytes))}`, start, stop - 1));
    at += stop - start;
  }
  const read = await Promise.all(parts);
  return read.length === 1 ? (read[0] ?? Buffer.alloc(0)) : Buffer.concat(read);
}
