import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { collectedBytes } from './limits.js';

/** What is known of the body of a request from its headers. */
type BodySize = 'none' | 'small' | 'large';

export function bodySizeOf({ headers }: IncomingMessage): BodySize {
  if (headers['transfer-encoding'] !== undefined) return 'large';
  const bytes = Number(headers['content-length'] ?? 0);
  if (bytes === 0) return 'none';
  return bytes <= collectedBytes ? 'small' : 'large';
}

/** The whole body of a request, once it is there. @throws the reason of the signal, for a client that goes before */
export async function collectBody(request: IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.resume();
  await once(request, 'end', { signal });
  return Buffer.concat(chunks);
}
