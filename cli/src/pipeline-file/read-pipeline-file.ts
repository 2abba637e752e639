import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { PipelineText } from '@chainr/core/api/client/client';
import { sizeOf } from '@chainr/core/service/setting-kinds';
import { pipelineLimits } from '@chainr/core/pipeline/limits';
import { CouldNot } from '../exit-codes.js';
import { whyUnreadable } from './why-unreadable.js';
import type { Terminal } from '../terminal/terminal.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a pipeline from a file, or from standard input for `-`. @throws CouldNot if it cannot be read or is not UTF-8 */
export async function readPipelineFile(file: string, { stdin }: Terminal): Promise<PipelineText> {
  const name = file === '-' ? 'standard input' : file;
  const bytes = file === '-' ? await buffer(stdin) : await readBytes(file);
  if (bytes.length > pipelineLimits.bodyBytes)
    throw new CouldNot(`${name} is larger than ${sizeOf(pipelineLimits.bodyBytes)}, the limit of the server.`);
  const content = decode(bytes, name);
  return { text: content, contentType: contentTypeOf(file, content) };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CouldNot(`cannot read ${file}: ${whyUnreadable(error)}.`, { cause: error });
  }
}

/**
 * Other encodings of Unicode, by the first bytes of a file: its byte order mark, or the places of the zero bytes, since a
 * pipeline begins with an ASCII character (YAML 1.2.2, section 5.2).
 */
const encodings: readonly [firstBytes: RegExp, name: string][] = [
  [/^(?:\0\0\xfe\xff|\xff\xfe\0\0)/, 'UTF-32'],
  [/^(?:\xfe\xff|\xff\xfe)/, 'UTF-16'],
  [/^\0\0\0[^\0]/, 'UTF-32BE'],
  [/^[^\0]\0\0\0/, 'UTF-32LE'],
  [/^\0[^\0]/, 'UTF-16BE'],
  [/^[^\0]\0/, 'UTF-16LE'],
];

function decode(bytes: Buffer, name: string): string {
  const firstBytes = bytes.toString('latin1', 0, 4);
  const [, encoding] = encodings.find(([pattern]) => pattern.test(firstBytes)) ?? [];
  if (encoding !== undefined)
    throw new CouldNot(`${name} is ${encoding}, not UTF-8. Save it as UTF-8; iconv -f ${encoding} -t UTF-8 does that.`);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CouldNot(
      `${name} is not valid UTF-8 in line ${String(badLine(bytes))}. Save it as UTF-8; if it is ISO-8859-1, iconv -f ISO-8859-1 -t UTF-8 does that.`,
      { cause },
    );
  }
}

/** The number of the first line that is not UTF-8, from 1. No byte of a longer character looks like a newline. */
function badLine(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf('\n', from);
    const to = end < 0 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(from, to))) return line;
    from = to;
  }
  return line;
}

/** By the extension of the file. Without a known one, text that begins like a JSON object is JSON. */
function contentTypeOf(file: string, content: string): string {
  if (/\.json$/i.test(file)) return 'application/json';
  if (/\.ya?ml$/i.test(file)) return 'application/yaml';
  return /^\uFEFF?\s*\{/.test(content) ? 'application/json' : 'application/yaml';
}
