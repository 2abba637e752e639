import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, errorBody } from '../api/contract/errors.js';

/**
 * Answers connections that Node refuses before there is a request: not HTTP, headers too large, too slow.
 *
 * @param maxHeaderSize of the server, in bytes
 */
export function answerClientError(thrown: NodeJS.ErrnoException, socket: Duplex, maxHeaderSize: number): void {
  if (!socket.writable || thrown.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const error = toApiError(thrown, maxHeaderSize);
  const requestId = randomUUID();
  const body = JSON.stringify(errorBody(error, requestId));
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function toApiError(thrown: NodeJS.ErrnoException, maxHeaderSize: number): ApiError {
  switch (thrown.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('RequestTimeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('BadRequest', `The headers are larger than ${maxHeaderSize} bytes.`);
    default:
      return new ApiError('BadRequest', 'The request is not valid HTTP.');
  }
}
