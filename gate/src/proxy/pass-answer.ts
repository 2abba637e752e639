import type { IncomingMessage, ServerResponse } from 'node:http';

/** Headers about the connection to the service, not about the answer. */
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
 * Passes on the answer of a service as it comes. It begins when the service's answer begins. An answer that the service
 * broke off must neither look complete nor stay open for ever.
 */
export function passAnswer(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
  // An answer before the end of the body is a refusal. The connection stays open until the client has sent everything.
  if (!request.complete) response.shouldKeepAlive = true;
  response.statusCode = answer.statusCode ?? 502;
  if (answer.statusMessage) response.statusMessage = answer.statusMessage;
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value);
  // A stream may be silent for long, so its headers are sent now.
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('close', () => {
    if (!answer.complete) response.destroy();
  });
  answer.pipe(response);
}
