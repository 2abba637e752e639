import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { drainMs } from '../limits.js';

/**
 * Reads and discards what a client still sends after its request was answered with an error. If the connection were
 * closed while the client is sending, the answer would be lost. So it stays open until the client has sent everything,
 * even if the client asked to close it, but no longer than a deadline.
 * Call it before the head of the answer is written.
 */
export function drainRequest(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) {
    request.resume();
    return;
  }
  const { socket } = request;
  const closeAfter = !response.shouldKeepAlive;
  if (!response.headersSent) response.shouldKeepAlive = true;
  const deadline = setTimeout(() => socket.destroy(), drainMs).unref();
  request.once('close', () => clearTimeout(deadline));
  request.once('end', () => {
    clearTimeout(deadline);
    if (!closeAfter) return;
    if (response.writableFinished) socket.end();
    else response.once('finish', () => socket.end());
  });
  request.resume();
}

/** The same for every request that was refused before its body was read. */
export function drainRefused(): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    drainRequest(request, response);
    next(error);
  };
}
