import type { Redis } from 'ioredis';
import { LogRemoved } from '../redis/errors.js';
import { logPartBytes } from '../redis/keys.js';
import { frameBytes, unpackFrames, type LogFrame } from './log-format.js';
import { characterEnd, type LogPage } from './log-page.js';

/** How much of a log is stored. */
export interface LogExtent {
  length: number;
  /** The frames themselves while they are few; else their size in bytes. */
  frames: Buffer | number;
}

/** The page to read. */
export interface PageWish {
  /** From here on. */
  offset: number;
  /** The latest end of the page; not beyond what is stored. */
  to: number;
  /**
   * Whether more follows `to`, now or later. If so, the page ends at the end of a line, if it contains one, else at the
   * end of a character.
   */
  goesOn: 'here' | 'later' | false;
  /** The index of its first frame, if known. */
  frame?: number;
}

/** Frames read at once. */
const framesAtOnce = 4096;
const newlineByte = 0x0a;
/** The length of the longest UTF-8 character. */
const characterBytes = 4;

/** @returns the page, and the index of the frame with which the next page begins */
export async function readLogPage(
  connection: Redis,
  key: string,
  { frames: stored }: LogExtent,
  { offset, to, goesOn, frame }: PageWish,
): Promise<{ page: Omit<LogPage, 'ended'>; frame: number }> {
  // The byte before tells whether a line begins here.
  const from = Math.max(0, offset - 1);
  const first = frame ?? (await findFrame(connection, key, stored, from));
  const [bytes, frames] = await Promise.all([
    readParts(connection, `${key}:`, from, to),
    readFrames(connection, key, stored, first),
  ]);
  if (bytes.length < to - from) throw new LogRemoved('The log was removed while it was read.');
  const last = frames.at(-1);
  const known = frames.length === framesAtOnce && last && last.offset < to ? Math.max(last.offset, offset) : to;
  const room = bytes.subarray(0, known - from);
  const end = from + endOfPage(room, offset - from, known < to ? 'here' : goesOn);
  const inside = frames.filter((each, place) => {
    return each.offset < end && (frames[place + 1]?.offset ?? Infinity) > offset;
  });
  const before = offset > 0 && bytes[0] !== newlineByte ? frames.findLast((each) => each.offset < offset) : undefined;
  const lastInside = inside.at(-1);
  return {
    page: {
      offset,
      nextOffset: end,
      bytes: bytes.subarray(offset - from, end - from),
      frames: inside,
      ...(before && { within: { step: before.step, stream: before.stream } }),
    },
    frame: lastInside ? first + frames.indexOf(lastInside) : first,
  };
}

function endOfPage(bytes: Buffer, start: number, goesOn: PageWish['goesOn']): number {
  if (!goesOn) return bytes.length;
  const line = goesOn === 'here' ? bytes.lastIndexOf(newlineByte) + 1 : 0;
  if (line > start) return line;
  const end = characterEnd(bytes, bytes.length);
  if (end > start) return end;
  return goesOn === 'here' ? bytes.length : start;
}

/** The end of the stored bytes from `from` on, without an incomplete last character. */
export async function endOfCharacters(connection: Redis, key: string, from: number, length: number): Promise<number> {
  const start = Math.max(from, length - characterBytes + 1);
  const bytes = await readParts(connection, `${key}:`, start, length);
  return start + characterEnd(bytes, bytes.length);
}

/** The index of the last frame that begins at `offset` or before. */
async function findFrame(connection: Redis, key: string, stored: Buffer | number, offset: number): Promise<number> {
  if (typeof stored !== 'number' || offset === 0) return 0;
  let low = 0;
  let high = Math.floor(stored / frameBytes);
  while (high - low > framesAtOnce / 2) {
    const middle = (low + high) >> 1;
    const [frame] = await readFrames(connection, key, stored, middle, 1);
    if (frame && frame.offset <= offset) low = middle;
    else high = middle;
  }
  const frames = await readFrames(connection, key, stored, low, high - low);
  return (
    low +
    Math.max(
      0,
      frames.findLastIndex((frame) => frame.offset <= offset),
    )
  );
}

async function readFrames(
  connection: Redis,
  key: string,
  stored: Buffer | number,
  first: number,
  count = framesAtOnce,
): Promise<LogFrame[]> {
  if (typeof stored !== 'number') return unpackFrames(stored).slice(first, first + count);
  const to = Math.min(stored, (first + count) * frameBytes);
  return unpackFrames(await readParts(connection, `${key}:f`, first * frameBytes, to));
}

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
