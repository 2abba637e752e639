import type { IncomingMessage } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import { sizeOf } from '@chainr/core/service/setting-kinds';

/**
 * Reads the whole body of a request, up to a limit in bytes. Bytes beyond the limit are discarded as they come, so that
 * a client that is still sending gets its answer instead of a broken connection.
 *
 * @throws ApiError TooLarge; BadRequest if the client disconnected
 */
export function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) {
    request.resume();
    return Promise.reject(tooLarge(mostBytes));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        reject(tooLarge(mostBytes));
      }
    });
    request.once('end', () => {
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.once('error', (cause) => {
      reject(new ApiError('BadRequest', 'The body ended before it was complete.', { cause }));
    });
  });
}

function tooLarge(mostBytes: number): ApiError {
  return new ApiError('TooLarge', `The body is larger than ${String(mostBytes)} bytes (${sizeOf(mostBytes)}).`);
}
