import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

/** A pipeline as it was sent. */
export interface Source {
  contentType: string;
  text: string;
}

/** Below this many bytes, deflating costs more time than it saves memory. */
const deflateFrom = 1024;
/** Takes a quarter of the time for a sixth more bytes: a source is stored once and hardly ever read. */
const quick = { level: 1 };

/** `contentType` newline, `r` (raw) or `d` (deflated), bytes. */
export async function packSource({ contentType, text }: Source): Promise<Buffer> {
  const bytes = Buffer.from(text);
  const deflated = bytes.length >= deflateFrom;
  return Buffer.concat([
    Buffer.from(`${contentType}\n${deflated ? 'd' : 'r'}`),
    deflated ? await promisify(deflateRaw)(bytes, quick) : bytes,
  ]);
}

export async function unpackSource(stored: Buffer): Promise<Source> {
  const end = stored.indexOf('\n');
  const bytes = stored.subarray(end + 2);
  const text = stored[end + 1] === 'd'.charCodeAt(0) ? await promisify(inflateRaw)(bytes) : bytes;
  return { contentType: stored.toString('utf8', 0, end), text: text.toString('utf8') };
}
