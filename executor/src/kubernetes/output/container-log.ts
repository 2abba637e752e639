import type { OutputChunk } from '../../port.js';
import { beginsTimestamp, isTimestamp, longestTimestamp, nanosOf, type Mark } from './log-position.js';
import { MarkSearch, type Line } from './mark-search.js';

const newline = 0x0a;
const space = 0x20;
const longestSentence = 1_000;
const empty = Buffer.alloc(0);

/**
 * How far apart two rotations of a log are at least: the kubelet looks at its size every 10 s, less some tolerance. A
 * follow that is further behind may skip a whole file, without a word.
 */
const rotationMs = 8_000;
/** The kubelet is not kept waiting before the connection holds about so much: a follow that is short is not behind. */
const bufferedBytes = 64 * 1024;

/**
 * Turns the log of a container, as the API gives it with timestamps, into chunks, from a mark on. Each line begins with
 * its time; a line of more than 16 KiB comes in pieces of which only the first has one. What begins without a time is the
 * rest of a line that began before the time that was asked for, or what the kubelet says in place of a log.
 */
export class ContainerLog {
  readonly #step: string;
  #mark: Mark | undefined;
  /** Until the line of the mark has come again, or cannot any more. */
  #search: MarkSearch | undefined;
  /** The present line. */
  #line: Line = { timestamp: '', ordinal: 0, bytes: 0 };
  /** How many bytes of the present line are dropped, since they were read before. */
  #passed = 0;
  /** The beginning of a line whose time is not complete. */
  #head = empty;
  #state: 'begins' | 'line' | 'untimed' = 'begins';
  /** What came without a time, unless a line followed. */
  #untimed = empty;
  /** The time of the last line, and how far behind the reader was then, if the clocks of node and worker agree. */
  #last = { time: Infinity, lagMs: 0 };
  #bytesTaken = 0;

  constructor(step: string, from: Mark | undefined) {
    this.#step = step;
    this.#mark = from;
    this.#search = from && from[1] > 0 ? new MarkSearch(from) : undefined;
  }

  /** Behind the last byte that was taken. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  /** Whether the log goes on where it was read before. */
  get goesOn(): boolean {
    return this.#search === undefined;
  }

  /** At the end of the log: whether its connection was certainly cut, within a time or before what was read before. */
  get isTorn(): boolean {
    if (this.#state === 'line') return this.#line.bytes === 0 || this.#line.bytes < this.#passed;
    return this.#endsInTime;
  }

  /** At the end of the log: what the kubelet says in its place; empty if it has given a log. */
  get sentence(): string {
    return (this.#untimed.toString() + (this.#endsInTime ? '' : this.#head.toString())).trim();
  }

  get #endsInTime(): boolean {
    return beginsTimestamp(this.#head.toString('latin1'));
  }

  take(part: Buffer): OutputChunk[] {
    const chunks: OutputChunk[] = [];
    this.#bytesTaken += part.length;
    const all = this.#head.length > 0 ? Buffer.concat([this.#head, part]) : part;
    this.#head = empty;
    let at = 0;
    while (at < all.length) {
      if (this.#state === 'begins') {
        const next = this.#beginLine(all, at, chunks);
        if (next === undefined) break;
        at = next;
        continue;
      }
      const end = all.indexOf(newline, at);
      const upTo = end === -1 ? all.length : end + 1;
      const bytes = all.subarray(at, upTo);
      if (this.#state === 'line') this.#takeBytes(bytes, end !== -1, chunks);
      else if (this.#untimed.length < longestSentence) this.#untimed = Buffer.concat([this.#untimed, bytes]);
      if (end !== -1) this.#state = 'begins';
      at = upTo;
    }
    return chunks;
  }

  /** No more comes for now: whatever waited for the line of the mark is given. */
  settle(): OutputChunk[] {
    const chunks: OutputChunk[] = [];
    if (this.#search?.holds === true) this.#giveUp(chunks);
    return chunks;
  }

  /** No more will ever come. Says what is missing, if the line of the mark has not come again. */
  finish(): OutputChunk[] {
    const chunks = this.settle();
    if (!this.#search) return chunks;
    const { timestamp, time } = this.#search;
    this.#search = undefined;
    this.#mark = [timestamp, 0];
    chunks.push(this.#cut(`after ${timestamp}`, time));
    return chunks;
  }

  /** Reads the time in front of a line. @return where to go on; undefined if it is not complete */
  #beginLine(all: Buffer, at: number, chunks: OutputChunk[]): number | undefined {
    const start = all.subarray(at, at + longestTimestamp + 1);
    const found = start.indexOf(space);
    if (found === -1 && start.length <= longestTimestamp && !start.includes(newline)) {
      this.#head = Buffer.from(start);
      return undefined;
    }
    const timestamp = start.toString('latin1', 0, Math.max(0, found));
    if (!isTimestamp(timestamp)) {
      this.#state = 'untimed';
      return at;
    }
    this.#untimed = empty;
    this.#state = 'line';
    const ordinal = timestamp === this.#line.timestamp ? this.#line.ordinal + 1 : 1;
    this.#line = { timestamp, ordinal, bytes: 0 };
    this.#passed = 0;
    if (this.#search) this.#searchOn(this.#search, chunks);
    return at + found + 1;
  }

  #searchOn(search: MarkSearch, chunks: OutputChunk[]): void {
    const { timestamp, ordinal } = this.#line;
    const seen = search.meet(nanosOf(timestamp), ordinal);
    if (seen === 'before') this.#passed = Infinity;
    if (seen === 'behind') this.#giveUp(chunks);
    if (seen !== 'mark') return;
    this.#passed = search.bytes;
    this.#search = undefined;
  }

  #takeBytes(bytes: Buffer, isWhole: boolean, chunks: OutputChunk[]): void {
    const before = this.#line.bytes;
    this.#line.bytes += bytes.length;
    if (this.#passed >= this.#line.bytes) return;
    const fresh = bytes.subarray(Math.max(0, this.#passed - before));
    if (!this.#search) this.#give(this.#line, fresh, isWhole, chunks);
    else if (!this.#search.hold({ ...this.#line }, fresh, isWhole)) this.#giveUp(chunks);
  }

  /** The line of the mark does not come again. */
  #giveUp(chunks: OutputChunk[]): void {
    const search = this.#search;
    if (!search) return;
    this.#search = undefined;
    const first = search.held[0]?.line ?? this.#line;
    const time = Date.parse(first.timestamp);
    chunks.push(this.#cut(`between ${search.timestamp} and ${first.timestamp}`, time));
    for (const { line, bytes, isWhole } of search.held) this.#give(line, bytes, isWhole, chunks);
  }

  #give({ timestamp, ordinal, bytes }: Line, fresh: Buffer, isWhole: boolean, chunks: OutputChunk[]): void {
    const time = Date.parse(timestamp);
    if (this.#maySkip(time)) {
      const before = new Date(this.#last.time).toISOString();
      chunks.push(this.#cut(`between ${before} and ${timestamp}`, time));
    }
    this.#last = { time, lagMs: Date.now() - time };
    this.#mark = isWhole ? [timestamp, ordinal] : [timestamp, ordinal, bytes];
    const last = chunks.at(-1);
    // Lines of one millisecond become one chunk.
    if (last?.time === time && last.stream === 'stdout') last.bytes = Buffer.concat([last.bytes, fresh]);
    else chunks.push({ time, step: this.#step, stream: 'stdout', bytes: fresh });
  }

  /** Whether the kubelet may have skipped a file before a line of this time. */
  #maySkip(time: number): boolean {
    if (this.#bytesTaken < bufferedBytes) return false;
    return this.#last.lagMs >= rotationMs && time - this.#last.time >= rotationMs;
  }

  /** The line up to which the log was read did not come again, or others are missing: the kubelet has rotated them away. */
  #cut(where: string, time: number): OutputChunk {
    const text = `[chainr: part of the log ${where} may be missing: the node has rotated it]\n`;
    return { time, step: this.#step, stream: 'system', bytes: Buffer.from(text) };
  }
}
