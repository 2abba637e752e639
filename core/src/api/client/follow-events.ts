import type { EventLine } from '../contract/event-resource.js';
import { parseAnswer } from './parse-answer.js';
import { pause } from './pause.js';
import { readLines } from './read-lines.js';
import { ConnectionError } from './request-error.js';
import { isPassing, pausesOf } from '../contract/retry-policy.js';
import { ndjson } from '../contract/route-parts.js';
import { routes } from '../contract/routes.js';
import { formatExactDuration } from '../../pipeline/duration.js';
import type { RequestSender } from './send-request.js';

export type StreamedEvents = AsyncGenerator<EventLine>;

/** Three heartbeats of the server. A connection that is silent for longer is dead. */
const silenceMs = 45_000;

/**
 * Yields every event after a cursor as it comes, each once and in order, or a `resync` that says where to go on.
 * Reconnects with the last cursor when the connection breaks or falls silent.
 */
export async function* followEvents(
  sender: RequestSender,
  after: string | undefined,
  signal?: AbortSignal,
): StreamedEvents {
  let cursor = after;
  let pauses = pausesOf(sender.retry);
  for (;;) {
    const silence = new SilenceWatch(sender.address, signal);
    const query = { follow: true, ...(cursor === undefined ? {} : { after: cursor }) };
    try {
      const sending = { params: {}, query, headers: { Accept: ndjson }, signal: silence.signal };
      const response = await sender.send(routes.readEvents, sending, (answer) => answer);
      if (!response.body) throw new ConnectionError(sender.address, 'the stream of events has no body');
      for await (const text of readLines(response.body, sender.address, silence.signal)) {
        silence.broken();
        pauses = pausesOf(sender.retry);
        if (text === '') continue;
        const event = parseAnswer(routes.readEvents, text);
        cursor = event.cursor;
        yield event;
      }
      throw new ConnectionError(sender.address, 'the stream of events ended');
    } catch (error) {
      signal?.throwIfAborted();
      const next = isPassing(error) ? pauses.next() : undefined;
      if (!next || next.done) throw error;
      await pause(next.value, signal);
    } finally {
      silence.end();
    }
  }
}

/** Aborts a connection that has been silent for too long. */
class SilenceWatch {
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #address: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(address: string, signal: AbortSignal | undefined) {
    this.#address = address;
    this.signal = signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal;
    this.broken();
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#abort.abort(new ConnectionError(this.#address, `silent for ${formatExactDuration(silenceMs)}`));
    }, silenceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
