import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { collectedBytes } from './limits.js';

/** What the headers say about the body of a request. */
type BodySize = 'none' | 'small' | 'large';

export function bodySizeOf({ headers }: IncomingMessage): BodySize {
  if (headers['transfer-encoding'] !== undefined) return 'large';
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes === 0) return 'none';
  return bytes <= collectedBytes ? 'small' : 'large';
}

/**
 * Reads the whole body of a request.
 * @throws the reason of the signal if the client disconnects first
 */
export async function collectBody(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.resume();
  await once(request, 'end', { signal });
  return Buffer.concat(chunks);
}
