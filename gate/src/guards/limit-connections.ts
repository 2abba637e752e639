import { isIPv6, type Socket } from 'node:net';
import { ApiError } from '@chainr/core/api/contract/errors';
import type { Logger } from '@chainr/core/service/logger';
import type { RequestHandler } from 'express';

/** `Retry-After` for a client with too many connections, in seconds. */
const retryAfterSeconds = '1';

/** How many surplus connections of one client get an answer. Further ones are closed without one. */
const toldMax = 500;

/** Counts the connections of each client, and refuses the requests on surplus ones. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #logger: Logger;
  readonly #open = new Map<string, number>();
  readonly #tooMany = new WeakSet<Socket>();

  /** @param max connections of one client at once; 0: no limit */
  constructor(max: number, logger: Logger) {
    this.#max = max;
    this.#logger = logger;
  }

  /** Counts a connection until it closes. */
  readonly count = (socket: Socket): void => {
    if (this.#max === 0) return;
    const client = clientOf(socket.remoteAddress);
    const open = (this.#open.get(client) ?? 0) + 1;
    this.#open.set(client, open);
    socket.once('close', () => this.#closed(client));
    if (open <= this.#max) return;
    if (open === this.#max + 1)
      this.#logger.warn(
        { client, max: this.#max },
        'a client has too many connections; requests on additional ones get 429',
      );
    if (open > this.#max + toldMax) socket.destroy();
    else this.#tooMany.add(socket);
  };

  /** Answers 429 on surplus connections. */
  readonly refuse: RequestHandler = (request, response, next) => {
    if (!this.#tooMany.has(request.socket)) return next();
    response.setHeader('Connection', 'close');
    const message = `There are more than ${this.#max} connections from this address; close some or try again soon.`;
    throw new ApiError('TooManyConnections', message, { headers: { 'Retry-After': retryAfterSeconds } });
  };

  #closed(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}

/** An IPv6 client has a whole network of 64 bits (RFC 6177). All clients of a unix socket count as one. */
function clientOf(address = 'unix'): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? `${network64(address)}::/64` : address;
}

/** The first 64 bits of an IPv6 address: four groups. */
function network64(address: string): string {
  const [before = '', after] = address.split('%', 1).join('').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4).join(':');
}
