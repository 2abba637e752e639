import type { RequestHandler } from 'express';

/** Nothing between server and client may keep an answer of the API: it changes with every run, and may need a token. */
export function noStore(): RequestHandler {
  return (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  };
}
