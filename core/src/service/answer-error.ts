import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, type ApiError } from '../api/contract/errors.js';
import { headerNames } from '../api/contract/headers.js';
import { requestIdOf } from './request-id.js';

/** Headers that a handler may have set already for the answer that did not come about. */
const ofAnotherBody = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'transfer-encoding',
  'etag',
  'last-modified',
  'location',
  'vary',
  'x-accel-buffering',
  headerNames.attempt.toLowerCase(),
  headerNames.nextOffset.toLowerCase(),
  headerNames.logEnded.toLowerCase(),
  headerNames.cursor.toLowerCase(),
];

/**
 * Answers with an error, as JSON whatever the handler had prepared. The head of the answer must not have been sent.
 * The answer to HEAD has the same headers and no body: Node leaves it out.
 */
export function answerError(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  for (const name of ofAnotherBody) response.removeHeader(name);
  const body = Buffer.from(JSON.stringify(errorBody(error, requestIdOf(request))));
  response.writeHead(error.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...error.headers,
  });
  response.end(body);
}
