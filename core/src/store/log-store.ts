import type { Redis } from 'ioredis';
import type { LogLine, RunUid } from '../model/records.js';
import { lastLinesMs } from '../model/limits.js';
import { keys, logPartBytes } from './keys.js';
import { attemptFlags, unpackRow } from './layout.js';
import { parseLogLine } from './log-format.js';
import type { Subscriptions } from './subscriptions.js';
import { whileAvailable } from './while-available.js';

export interface StoredLine extends LogLine {
  /** Where the line begins, in bytes of the stored log. */
  offset: number;
}

export interface LogPage {
  lines: StoredLine[];
  /** Where to read on. */
  nextOffset: number;
  /** The end mark is stored and nothing comes after `nextOffset`. */
  ended: boolean;
}

/** What a follower reads at once. */
const followBytes = 256 * 1024;
/** How long a follower waits for word of new lines before it looks by itself, should one have been lost. */
const lookAgainMs = 5_000;

/** How the log of an attempt stands: its container writes, has ended and the last lines are on their way, or all is stored. */
type LogStanding = 'growing' | 'ending' | 'ended';

/** Reads logs, live and old by the same calls. */
export class LogStore {
  readonly #connection: Redis;
  readonly #subscriptions: Subscriptions;

  constructor(connection: Redis, subscriptions: Subscriptions) {
    this.#connection = connection;
    this.#subscriptions = subscriptions;
  }

  /**
   * Whole lines from `offset`; one that begins inside a line skips to the next. At least one line
   * is returned if there is one, even when it is longer than `maxBytes`. Undefined when there is no
   * such attempt.
   */
  async read(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset, maxBytes }: { offset: number; maxBytes: number },
  ): Promise<LogPage | undefined> {
    return whileAvailable(async () => {
      const key = keys.log(uid, jobIndex, attempt);
      // The end mark is read before the length: what is said to be the end then is.
      const standing = await this.#standing(uid, jobIndex, attempt);
      if (standing === undefined) return undefined;
      const length = Number((await this.#connection.hget(key, 'length')) ?? 0);
      const from = Math.min(await this.#lineStart(key, offset, length), length);
      for (let wanted = Math.max(1, maxBytes); ; wanted *= 2) {
        const to = Math.min(from + wanted, length);
        const bytes = await this.#bytes(key, from, to);
        const end = bytes.lastIndexOf('\n') + 1;
        if (end === 0 && to < length) continue;
        return {
          lines: parseLines(bytes.subarray(0, end), from),
          nextOffset: from + end,
          ended: standing === 'ended' && from + end === length,
        };
      }
    });
  }

  /** Pages as they come, until the end mark; ends quietly when aborted. Nothing for an unknown attempt. */
  async *follow(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset }: { offset: number },
    signal: AbortSignal,
  ): AsyncGenerator<LogPage> {
    // Asked on the connection that does not wait for Redis: who follows learns that it is away.
    if ((await whileAvailable(() => this.#standing(uid, jobIndex, attempt))) === undefined) return;
    const word = await this.#subscriptions.listen(keys.log(uid, jobIndex, attempt));
    try {
      let at = offset;
      while (!signal.aborted) {
        const heard = word.next(lookAgainMs, signal);
        const page = await this.read(uid, jobIndex, attempt, { offset: at, maxBytes: followBytes });
        if (!page) return;
        if (page.lines.length > 0 || page.ended) yield page;
        if (page.ended) return;
        at = page.nextOffset;
        if (page.lines.length === 0) await heard;
      }
    } finally {
      await word.close();
    }
  }

  /**
   * Waits for the last lines of an attempt that has ended, which are stored a moment after its outcome: who reads the
   * log as soon as a run is over shall find all of it. Returns at once when the attempt still runs, and after a few
   * seconds when its worker is gone and the lines come with an adoption.
   */
  async untilComplete(uid: RunUid, jobIndex: number, attempt: number, signal: AbortSignal): Promise<void> {
    const isEnding = async () => (await this.#standing(uid, jobIndex, attempt)) === 'ending';
    if (!(await whileAvailable(isEnding))) return;
    const enough = AbortSignal.any([signal, AbortSignal.timeout(lastLinesMs)]);
    const word = await this.#subscriptions.listen(keys.log(uid, jobIndex, attempt));
    try {
      while (!enough.aborted) {
        const heard = word.next(lastLinesMs, enough);
        if (!(await whileAvailable(isEnding))) return;
        await heard;
      }
    } finally {
      await word.close();
    }
  }

  /** When the logs of a run were removed, which may be long before the run is; undefined: they were not. */
  async removedAt(uid: RunUid): Promise<number | undefined> {
    const at = await whileAvailable(() => this.#connection.hget(keys.run(uid), 'logsRemovedAt'));
    return at === null ? undefined : Number(at);
  }

  /** The logs of runs that ended before this time are removed already; milliseconds since 1970. */
  async expiredTo(): Promise<number> {
    return Number((await whileAvailable(() => this.#connection.hget(keys.counters, 'logsExpiredTo'))) ?? 0);
  }

  async setExpiredTo(time: number): Promise<void> {
    await whileAvailable(() => this.#connection.hset(keys.counters, 'logsExpiredTo', time));
  }

  /** Undefined when the attempt was never claimed. */
  async #standing(uid: RunUid, jobIndex: number, attempt: number): Promise<LogStanding | undefined> {
    const current = await this.#connection.hgetBuffer(keys.run(uid), String(jobIndex));
    if (!current) return undefined;
    const { section } = unpackRow(current);
    if (!section || attempt > section.attempt || attempt < 1) return undefined;
    if (attempt < section.attempt) return 'ended';
    const { claimedAt, endedAt } = section.phases;
    if (claimedAt === undefined) return undefined;
    if ((section.flags & attemptFlags.logEnded) !== 0) return 'ended';
    return endedAt === undefined ? 'growing' : 'ending';
  }

  async #lineStart(key: string, offset: number, length: number): Promise<number> {
    if (offset === 0 || offset >= length) return offset;
    for (let at = offset - 1; at < length; at += 4096) {
      const bytes = await this.#bytes(key, at, Math.min(at + 4096, length));
      const newline = bytes.indexOf('\n');
      if (newline >= 0) return at + newline + 1;
    }
    return length;
  }

  async #bytes(key: string, from: number, to: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let at = from; at < to;) {
      const start = at % logPartBytes;
      const stop = Math.min(logPartBytes, start + (to - at));
      const part = `${key}:${String(Math.floor(at / logPartBytes))}`;
      parts.push(await this.#connection.getrangeBuffer(part, start, stop - 1));
      at += stop - start;
    }
    return Buffer.concat(parts);
  }
}

function parseLines(bytes: Buffer, offset: number): StoredLine[] {
  const lines: StoredLine[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf('\n', from);
    lines.push({ ...parseLogLine(bytes.toString('utf8', from, end)), offset: offset + from });
    from = end + 1;
  }
  return lines;
}
