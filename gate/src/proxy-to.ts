import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { ApiError } from '@chainr/core/api/errors';
import type { Address } from '@chainr/core/service/address';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { answerError } from '@chainr/core/service/answer-error';
import { drainRequest } from './drain-request.js';
import { answerDeadlineMs } from './limits.js';
import { bodyRefused } from './limit-body.js';

type Proxy = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** How long a client waits before it asks a service again that was away. */
const retryAfterSeconds = '2';

/**
 * Passes requests on to one service, and its answer back as it comes: nothing is buffered, a
 * client that goes takes its request to the service with it, and a service that is away is 503.
 */
export function proxyTo(name: string, address: Address): Proxy {
  const target =
    'socketPath' in address ? { host: 'localhost', port: 80, ...address } : { ...address, protocol: 'http:' };
  const middleware = createProxyMiddleware({
    target,
    agent: new http.Agent({ keepAlive: true }),
    // The middleware's own answers are text in another form than that of our errors.
    ejectPlugins: true,
    plugins: [passAborts, passEnd, answerOutage(name)],
  });
  return (request, response, next) => {
    void middleware(request, response, next);
  };
}

/** Ends the request to the service when the client goes, the body is refused, or no answer comes. */
const passAborts: Plugin = (proxy) => {
  proxy.on('proxyReq', (upstream, request, response) => {
    const deadline = (): void => {
      const timer = setTimeout(() => upstream.destroy(new Error('no answer in time')), answerDeadlineMs);
      upstream.once('response', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    };
    if (request.readableEnded) deadline();
    else request.once('end', deadline);
    bodyRefused(request)?.addEventListener('abort', () => upstream.destroy(), { once: true });
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
  });
};

/** An answer begins when the service begins it; one that it broke off must not look complete, nor stay open for ever. */
const passEnd: Plugin = (proxy) => {
  proxy.on('proxyRes', (upstream, request, response) => {
    // An answer that comes before the body has gone is a refusal.
    if (!request.complete) response.shouldKeepAlive = true;
    const close = !response.shouldKeepAlive || response.getHeader('connection') === 'close';
    upstream.headers.connection = close ? 'close' : 'keep-alive';
    delete upstream.headers['keep-alive'];
    // A stream may have nothing to say for long: its head goes as soon as the proxy has copied it.
    if (upstream.headers['content-length'] === undefined) queueMicrotask(() => response.flushHeaders());
    upstream.once('close', () => {
      if (!upstream.complete) response.destroy();
    });
  });
};

function answerOutage(name: string): Plugin {
  return (proxy) => {
    proxy.on('error', (error, request, response) => {
      if (!('headersSent' in response)) return;
      request.unpipe();
      drainRequest(request, response);
      if (response.headersSent || response.destroyed) return;
      const outage = new ApiError('Unavailable', `${name} does not answer; try again soon.`, {
        headers: { 'Retry-After': retryAfterSeconds },
        cause: error,
      });
      answerError(request, response, outage);
    });
  };
}
