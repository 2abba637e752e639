import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, type ApiError } from '@chainr/core/api/errors';
import { requestIdOf } from '@chainr/core/service/request-id';

/** Answers with an error where no express handler is in reach. The answer must not have begun. */
export function answerError(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  const body = JSON.stringify(errorBody(error, requestIdOf(request)));
  response.writeHead(error.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...error.headers,
  });
  response.end(body);
}
