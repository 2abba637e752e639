import { Redis, type RedisOptions } from 'ioredis';

/** How often a connection is looked at, and asked for a sign of life. */
const lookMs = 1_000;
/** How many times longer than its silence a question may stay unanswered while other bytes come. */
const unansweredFactor = 5;

/**
 * A connection that is replaced when its peer has gone without a word: a NAT entry that was dropped, a proxy that
 * froze, a host that lost power. TCP alone notices that after a quarter of an hour, or never.
 *
 * Each second it sends a PING, so that a peer that lives sends at least a byte each second, whatever else the
 * connection is used for. When none has come for `silentMs` the socket is destroyed. To ioredis that is a broken
 * connection: it fails or sends again the commands under way, as the connection is set up to do, and connects anew.
 *
 * Looks are counted, not time: a process that was stopped or busy for long reads what has come meanwhile before it
 * looks a second time.
 */
export class WatchedConnection extends Redis {
  readonly silentMs: number;

  /** @param silentMs how long no byte may come; of a connection that blocks, more than it ever blocks. */
  constructor(options: Omit<RedisOptions, 'replyMapping'>, silentMs: number) {
    super(options);
    this.silentMs = silentMs;
    watch(this, silentMs);
  }

  /** BullMQ makes its blocking connection this way. */
  override duplicate(override?: Partial<RedisOptions>): Redis {
    return new WatchedConnection({ ...this.options, ...override }, this.silentMs);
  }
}

function watch(connection: Redis, silentMs: number): void {
  const looksMax = Math.ceil(silentMs / lookMs);
  let timer: NodeJS.Timeout | undefined;
  let seen: { stream: unknown; bytes: number } | undefined;
  let silentLooks = 0;
  let unansweredLooks = 0;
  let isAsking = false;

  const ask = (): void => {
    isAsking = true;
    connection.ping().then(answered, answered); // One that fails is the connection's to tell.
  };
  const answered = (): void => {
    isAsking = false;
  };
  const look = (): void => {
    const { status, stream } = connection;
    // One that is being opened has a time-out of its own.
    if (status !== 'ready' && status !== 'connect') {
      seen = undefined;
      return;
    }
    const bytes = stream.bytesRead;
    const isNew = seen?.stream !== stream;
    silentLooks = isNew || seen?.bytes !== bytes ? 0 : silentLooks + 1;
    unansweredLooks = isNew || !isAsking ? 0 : unansweredLooks + 1;
    seen = { stream, bytes };
    if (silentLooks >= looksMax || unansweredLooks >= looksMax * unansweredFactor) {
      seen = undefined;
      stream.destroy(new Error(`no answer for ${String(silentMs / 1000)} s: the connection is made anew`));
    } else if (status === 'ready' && (isNew || !isAsking)) ask();
  };

  connection.on('connecting', () => {
    timer ??= setInterval(look, lookMs).unref();
  });
  connection.on('end', () => {
    clearInterval(timer);
    timer = undefined;
  });
}
