import type { IncomingMessage, ServerResponse } from 'node:http';

/** They speak of the connection to the service, not of the answer. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Passes on the answer of a service as it comes. It begins when the service begins it; one that the service broke off
 * must not look complete, nor stay open for ever.
 */
export function passAnswer(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
  // An answer that comes before the body has gone is a refusal: the connection stays open until the client has sent all.
  if (!request.complete) response.shouldKeepAlive = true;
  response.statusCode = answer.statusCode ?? 502;
  if (answer.statusMessage) response.statusMessage = answer.statusMessage;
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value);
  // A stream may have nothing to say for long.
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('close', () => {
    if (!answer.complete) response.destroy();
  });
  answer.pipe(response);
}
