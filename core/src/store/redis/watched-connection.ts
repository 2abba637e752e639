import { Redis, type RedisOptions } from 'ioredis';
import { formatExactDuration } from '../../pipeline/duration.js';

/** How often a connection is checked, and sent a PING. */
const lookMs = 1_000;
/** How many times its silence limit a PING may stay unanswered while other bytes come. */
const unansweredFactor = 5;

/**
 * A connection that is replaced when its peer disappeared silently: a NAT entry was dropped, a proxy froze, a host lost
 * power. TCP alone notices that after a quarter of an hour, or never.
 * It sends a PING each second, so a living peer sends at least a byte each second, whatever the connection is used for.
 * If none comes for `silentMs`, the socket is destroyed. For ioredis that is a broken connection: it fails or resends
 * the pending commands, as configured, and reconnects.
 * Checks are counted, not time: a process that was stopped or busy reads the bytes that came meanwhile before its next
 * check.
 */
export class WatchedConnection extends Redis {
  readonly silentMs: number;

  /** @param silentMs the longest time without a byte; for a blocking connection, longer than it ever blocks */
  constructor(options: Omit<RedisOptions, 'replyMapping'>, silentMs: number) {
    super(options);
    this.silentMs = silentMs;
    watch(this, silentMs);
  }

  /** BullMQ creates its blocking connection with this method. */
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
    connection.ping().then(answered, answered); // The connection itself reports a failure.
  };
  const answered = (): void => {
    isAsking = false;
  };
  const look = (): void => {
    const { status, stream } = connection;
    // A connection that is being opened has its own timeout.
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
      stream.destroy(new Error(`no answer for ${formatExactDuration(silentMs)}: reconnecting`));
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
