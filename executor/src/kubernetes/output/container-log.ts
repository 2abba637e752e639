import type { OutputChunk } from '../../port.js';
import type { Mark } from './log-position.js';

const newline = 0x0a;
const space = 0x20;
/** `2026-11-30T15:32:05.928490772Z` and the like; RFC 3339 has at most 35 characters. */
const timestampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const longestTimestamp = 35;
const longestSentence = 1_000;
/** What the kubelet writes in place of a log that is gone, with status 200. */
const goneText = 'unable to retrieve container logs for';

/**
 * How far apart two rotations of a log are at least: the kubelet looks at its size every 10 s, less some tolerance. A
 * follow that is further behind may skip a whole file, without a word.
 */
const rotationMs = 8_000;
/** The kubelet is not kept waiting before the connection holds about so much: a follow that is short is not behind. */
const bufferedBytes = 64 * 1024;

/** The kubelet answers with a sentence of its own in place of the log. */
export class NoLog extends Error {
  override readonly name = 'NoLog';
  /** The log is gone for good. */
  readonly isGone: boolean;

  constructor(sentence: string) {
    super(sentence);
    this.isGone = sentence.startsWith(goneText);
  }
}

/**
 * Turns the log of a container, as the API gives it with timestamps, into chunks, from a mark on. Each line begins with
 * its time; a line of more than 16 KiB comes in pieces of which only the first has one.
 */
export class ContainerLog {
  readonly #step: string;
  readonly #from: Mark | undefined;
  #mark: Mark | undefined;
  /** The time of the last line and its number among the lines of that time, of lines that come again too. */
  #timestamp = '';
  #ordinal = 0;
  /** The beginning of a line whose time is not complete. */
  #head = Buffer.alloc(0);
  /** What the kubelet says in place of a log, as far as it has come. */
  #sentence: Buffer | undefined;
  #isInLine = false;
  /** Bytes of the present line so far. */
  #lineBytes = 0;
  #foundMark: boolean;
  /** The time of the last line, and how far behind the reader was then, if the clocks of node and worker agree. */
  #last = { time: Infinity, lagMs: 0 };
  #bytesTaken = 0;

  constructor(step: string, from: Mark | undefined) {
    this.#step = step;
    this.#from = from;
    this.#mark = from;
    this.#foundMark = from === undefined;
  }

  /** Behind the last byte that was taken. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  take(part: Buffer): OutputChunk[] {
    const chunks: OutputChunk[] = [];
    this.#bytesTaken += part.length;
    let at = 0;
    while (at < part.length) {
      if (this.#sentence) {
        const room = longestSentence - this.#sentence.length;
        this.#sentence = Buffer.concat([this.#sentence, part.subarray(at, at + Math.max(0, room))]);
        return chunks;
      }
      if (!this.#isInLine) {
        at = this.#beginLine(part, at);
        continue;
      }
      const end = part.indexOf(newline, at);
      const isWhole = end !== -1;
      const upTo = isWhole ? end + 1 : part.length;
      this.#takeBytes(part.subarray(at, upTo), isWhole, chunks);
      at = upTo;
    }
    return chunks;
  }

  /** The log has ended. @throws NoLog if the kubelet had no log to give */
  end(): void {
    const sentence = this.#sentence ?? this.#head;
    if (sentence.length > 0) throw new NoLog(sentence.toString().trim());
  }

  /** Reads the time in front of a line, or as much of it as is there. @return where to go on */
  #beginLine(part: Buffer, at: number): number {
    const missing = longestTimestamp + 1 - this.#head.length;
    const found = part.subarray(at, at + missing).indexOf(space);
    if (found === -1) {
      this.#head = Buffer.concat([this.#head, part.subarray(at, at + missing)]);
      if (this.#head.length > longestTimestamp) this.#beginSentence();
      return Math.min(at + missing, part.length);
    }
    const timestamp = Buffer.concat([this.#head, part.subarray(at, at + found)]).toString();
    if (!timestampPattern.test(timestamp)) {
      this.#beginSentence();
      return at;
    }
    this.#head = Buffer.alloc(0);
    this.#ordinal = timestamp === this.#timestamp ? this.#ordinal + 1 : 1;
    this.#timestamp = timestamp;
    this.#isInLine = true;
    this.#lineBytes = 0;
    return at + found + 1;
  }

  #beginSentence(): void {
    this.#sentence = this.#head;
    this.#head = Buffer.alloc(0);
  }

  #takeBytes(bytes: Buffer, isWhole: boolean, chunks: OutputChunk[]): void {
    const before = this.#lineBytes;
    this.#lineBytes += bytes.length;
    this.#isInLine = !isWhole;
    const skipped = this.#skipped();
    if (skipped >= this.#lineBytes) return;
    const fresh = bytes.subarray(Math.max(0, skipped - before));
    const time = Date.parse(this.#timestamp);
    if (!this.#foundMark) chunks.push(this.#cut(this.#from?.[0] ?? '', time));
    if (this.#maySkip(time)) chunks.push(this.#cut(new Date(this.#last.time).toISOString(), time));
    this.#last = { time, lagMs: Date.now() - time };
    this.#mark = isWhole ? [this.#timestamp, this.#ordinal] : [this.#timestamp, this.#ordinal, this.#lineBytes];
    const last = chunks.at(-1);
    // Lines of one millisecond become one chunk.
    if (last?.time === time && last.stream === 'stdout') last.bytes = Buffer.concat([last.bytes, fresh]);
    else chunks.push({ time, step: this.#step, stream: 'stdout', bytes: fresh });
  }

  /** How many bytes of the present line were read before. */
  #skipped(): number {
    if (!this.#from) return 0;
    const [timestamp, ordinal, bytes = Infinity] = this.#from;
    if (this.#timestamp < timestamp || (this.#timestamp === timestamp && this.#ordinal < ordinal)) return Infinity;
    if (this.#timestamp !== timestamp || this.#ordinal !== ordinal) return 0;
    this.#foundMark = true;
    return bytes;
  }

  /** Whether the kubelet may have skipped a file before a line of this time. */
  #maySkip(time: number): boolean {
    if (this.#bytesTaken < bufferedBytes) return false;
    return this.#last.lagMs >= rotationMs && time - this.#last.time >= rotationMs;
  }

  /** The line up to which the log was read did not come again, or others are missing: the kubelet has rotated them away. */
  #cut(from: string, time: number): OutputChunk {
    this.#foundMark = true;
    const text = `[chainr: part of the log between ${from} and ${this.#timestamp} may be missing: the node has rotated it]\n`;
    return { time, step: this.#step, stream: 'system', bytes: Buffer.from(text) };
  }
}
