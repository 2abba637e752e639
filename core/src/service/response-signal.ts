import type { ServerResponse } from 'node:http';

/** The signals of the servers that are stopping, by the responses that they still have open. */
const serverSignals = new WeakMap<ServerResponse, AbortSignal>();

/** Called by the server for every response, before its handler. */
export function bindServerSignal(response: ServerResponse, signal: AbortSignal): void {
  serverSignals.set(response, signal);
}

/**
 * A signal for work that ends with a response: it aborts when the response is done, its client is
 * gone, or its server stops. A handler that streams must take it, and end its response.
 */
export function responseSignal(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.closed || response.destroyed) closed.abort();
  else response.once('close', () => closed.abort());
  const server = serverSignals.get(response);
  return server ? AbortSignal.any([closed.signal, server]) : closed.signal;
}
