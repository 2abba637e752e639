import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import type { RequestHandler } from 'express';
import { answerError } from '@chainr/core/service/answer-error';
import { drainRequest } from '../proxy/drain-request.js';
import { maxBodyBytes } from '../limits.js';

const refusals = new WeakMap<IncomingMessage, AbortSignal>();

/** Aborts if the request's body turns out to be too large while it is read. */
export function bodyRefused(request: IncomingMessage): AbortSignal | undefined {
  return refusals.get(request);
}

/**
 * Refuses bodies over the limit with 413: at once by `Content-Length`, else as soon as too many bytes have come.
 * Nothing is buffered.
 */
export function limitBody(): RequestHandler {
  return (request, response, next) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
    const refusal = new AbortController();
    refusals.set(request, refusal.signal);
    let received = 0;
    const count = (chunk: Buffer): void => {
      received += chunk.length;
      if (received <= maxBodyBytes) return;
      request.off('data', count);
      refusal.abort();
      request.unpipe();
      drainRequest(request, response);
      refuse(request, response);
    };
    request.on('data', count);
    // A data listener starts the flow, but the proxy connects its pipe only later.
    request.pause();
    next();
  };
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else answerError(request, response, tooLarge());
}

function tooLarge(): ApiError {
  return new ApiError('TooLarge', `The body is larger than ${maxBodyBytes / 1024 / 1024} MiB.`);
}
