import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import type { Address } from '@chainr/core/service/address';
import { answerError } from '@chainr/core/service/answer-error';
import type { Logger } from '@chainr/core/service/logger';
import { requestIdOf } from '@chainr/core/service/request-id';
import type { RequestHandler } from 'express';
import { drainRequest } from './drain-request.js';
import { isStream } from '../routes-at.js';
import { collectedBytes, upstreamLimits } from '../limits.js';
import { passAnswer } from './pass-answer.js';
import { sendOn } from './send-on.js';
import { NoSlot, Slots } from './slots.js';
import { UpstreamAgent } from './upstream-agent.js';

/** `Retry-After` while a service is away, in seconds. */
const retryAfterSeconds = '2';

/**
 * Passes requests on to one service, and its answers back as they come. If the client disconnects, its request to the
 * service ends; if the service is away, the answer is 503.
 * The number of requests at the service is limited; others wait here. Streams last long and do not count. Only the
 * number of streams being opened is limited, since a server refuses connections beyond its backlog.
 */
export function proxyTo(name: string, address: Address, logger: Logger, limits = upstreamLimits): RequestHandler {
  const agent = new UpstreamAgent(limits.idleMs);
  const requests = new Slots(limits.requestsAtOnce);
  const uploads = new Slots(limits.uploadsAtOnce);
  const openings = new Slots(limits.openingsAtOnce);

  return async (request, response) => {
    const size = bodySizeOf(request);
    const streams = isStream(request);
    const turn = streams ? openings : size === 'large' ? uploads : requests;
    const gone = new AbortController();
    const { signal } = gone;
    response.once('close', () => gone.abort());
    try {
      const body = size === 'small' ? await collectBody(request, signal) : undefined;
      const giveBack = await turn.take(limits.turnMs, signal);
      try {
        const answer = await sendOn({
          request,
          response,
          address,
          agent,
          body,
          onOpen: streams ? giveBack : undefined,
        });
        passAnswer(answer, request, response);
      } finally {
        giveBack();
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { taken, waiting } = turn;
      refuse(request, response, error, { upstream: name, taken, waiting });
    }
  };

  function refuse(request: IncomingMessage, response: ServerResponse, error: Error, seen: object): void {
    request.unpipe();
    drainRequest(request, response);
    if (response.headersSent || response.destroyed) return;
    const { method } = request;
    logger.warn({ err: error, method, requestId: requestIdOf(request), ...seen }, 'a service did not answer');
    answerError(request, response, outageOf(name, error));
  }
}

function outageOf(name: string, cause: Error): ApiError {
  const what = cause instanceof NoSlot ? 'is busy' : 'does not answer';
  const headers = { 'Retry-After': retryAfterSeconds };
  return new ApiError('Unavailable', `${name} ${what}; try again soon.`, { headers, cause });
}

/** What the headers say about the body of a request. */
type BodySize = 'none' | 'small' | 'large';

function bodySizeOf({ headers }: IncomingMessage): BodySize {
  if (headers['transfer-encoding'] !== undefined) return 'large';
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes === 0) return 'none';
  return bytes <= collectedBytes ? 'small' : 'large';
}

/**
 * Reads the whole body of a request.
 * @throws the reason of the signal if the client disconnects first
 */
async function collectBody(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.resume();
  await once(request, 'end', { signal });
  return Buffer.concat(chunks);
}
