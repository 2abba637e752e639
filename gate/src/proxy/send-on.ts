import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Address } from '@chainr/core/service/address';
import { answerDeadlineMs } from '@chainr/core/service/answer-deadline';
import { bodyRefused } from '../guards/limit-body.js';
import type { UpstreamAgent } from './upstream-agent.js';

/** A request on its way to a service. */
interface Sending {
  request: IncomingMessage;
  /** The answer to the client. If it closes early, the request to the service ends. */
  response: ServerResponse;
  address: Address;
  agent: UpstreamAgent;
  /** The body, if it was read already; otherwise it is streamed. */
  body: Buffer | undefined;
  /** Called when there is a connection. */
  onOpen: (() => void) | undefined;
}

/**
 * Sends a request on to a service.
 * If the service closes a kept-alive connection just then, without an answer, a request that changes nothing is sent
 * once more. Any other may have been carried out already, so it is not.
 *
 * @returns the answer of the service
 * @throws Error of the connection, or that no answer came in time
 */
export async function sendOn(sending: Sending): Promise<IncomingMessage> {
  const { request, response, agent } = sending;
  agent.dropIdle();
  const first = open(sending, agent);
  try {
    return await answerOf(first);
  } catch (error) {
    const isSafe = (request.method === 'GET' || request.method === 'HEAD') && request.complete;
    if (!isSafe || !first.reusedSocket || !isReset(error) || response.destroyed) throw error;
    return answerOf(open(sending, false));
  }
}

function open({ request, response, address, body, onOpen }: Sending, agent: UpstreamAgent | false): http.ClientRequest {
  const { method, url, headers } = request;
  const upstream = http.request({ ...address, agent, method, path: url, headers, timeout: 0 });
  bodyRefused(request)?.addEventListener('abort', () => upstream.destroy(), { once: true });
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  // Whoever reads the answer sees an error after its beginning.
  upstream.on('error', () => undefined);
  if (onOpen)
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onOpen);
      else onOpen();
    });
  if (body) upstream.end(body);
  else request.pipe(upstream);
  if (request.readableEnded || body) setDeadline(upstream);
  else request.once('end', () => setDeadline(upstream));
  return upstream;
}

async function answerOf(upstream: http.ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  return answer;
}

function setDeadline(upstream: http.ClientRequest): void {
  const timer = setTimeout(() => upstream.destroy(new Error('no answer in time')), answerDeadlineMs);
  const clear = (): void => clearTimeout(timer);
  upstream.once('response', clear).once('close', clear);
}

const isReset = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
