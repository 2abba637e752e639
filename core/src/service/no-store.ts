import type { RequestHandler } from 'express';

/** Forbids caching of API answers: they change with every run, and may need a token. */
export function noStore(): RequestHandler {
  return (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  };
}
