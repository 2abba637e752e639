import { frameBytes, unpackFrames, type LogFrame } from './log-format.js';
import { characterEnd, type LogPage } from './log-page.js';
import type { LogSource } from './log-source.js';

/** How much of a log is stored. */
export interface LogExtent {
  length: number;
  /** The frames themselves while they are few; else their size in bytes. */
  frames: Buffer | number;
  /** It is in the archive. */
  archived: boolean;
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
  source: LogSource,
  { frames: stored }: Pick<LogExtent, 'frames'>,
  { offset, to, goesOn, frame }: PageWish,
): Promise<{ page: Omit<LogPage, 'ended'>; frame: number }> {
  // The byte before tells whether a line begins here.
  const from = Math.max(0, offset - 1);
  const first = frame ?? (await findFrame(source, stored, from));
  const [bytes, frames] = await Promise.all([source.bytes(from, to), readFrames(source, stored, first)]);
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
export async function endOfCharacters(source: LogSource, from: number, length: number): Promise<number> {
  const start = Math.max(from, length - characterBytes + 1);
  const bytes = await source.bytes(start, length);
  return start + characterEnd(bytes, bytes.length);
}

/** The index of the last frame that begins at `offset` or before. */
async function findFrame(source: LogSource, stored: Buffer | number, offset: number): Promise<number> {
  if (typeof stored !== 'number' || offset === 0) return 0;
  let low = 0;
  let high = Math.floor(stored / frameBytes);
  while (high - low > framesAtOnce / 2) {
    const middle = (low + high) >> 1;
    const [frame] = await readFrames(source, stored, middle, 1);
    if (frame && frame.offset <= offset) low = middle;
    else high = middle;
  }
  const frames = await readFrames(source, stored, low, high - low);
  return (
    low +
    Math.max(
      0,
      frames.findLastIndex((frame) => frame.offset <= offset),
    )
  );
}

async function readFrames(
  source: LogSource,
  stored: Buffer | number,
  first: number,
  count = framesAtOnce,
): Promise<LogFrame[]> {
  if (typeof stored !== 'number') return unpackFrames(stored).slice(first, first + count);
  const to = Math.min(stored, (first + count) * frameBytes);
  return unpackFrames(await source.frames(first * frameBytes, to));
}
