import type { ServerResponse } from 'node:http';

/** For each open response, the signal of its server's stop. */
const serverSignals = new WeakMap<ServerResponse, AbortSignal>();

/** Called by the server for every response, before the handler. */
export function bindServerSignal(response: ServerResponse, signal: AbortSignal): void {
  serverSignals.set(response, signal);
}

/**
 * A signal for work that ends with a response. It aborts when the response is done, the client is gone, or the server
 * stops. A handler that streams must use it, and end its response.
 */
export function responseSignal(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.closed || response.destroyed) closed.abort();
  else response.once('close', () => closed.abort());
  const server = serverSignals.get(response);
  return server ? AbortSignal.any([closed.signal, server]) : closed.signal;
}
