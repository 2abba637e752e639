import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, type ApiError } from '../api/contract/errors.js';
import { headerNames } from '../api/contract/headers.js';
import { requestIdOf } from './request-id.js';

/** Headers that a handler may have set for its own answer. They must not go out with the error. */
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
 * Answers with an error as JSON, whatever the handler had prepared. The head of the answer must not have been sent. For
 * HEAD, the headers are the same and Node omits the body.
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
