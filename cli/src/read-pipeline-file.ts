import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { PipelineText } from '@chainr/core/api/client';
import { sizeOf } from '@chainr/core/service/setting-kinds';
import { pipelineLimits } from '@chainr/core/model/limits';
import { CouldNot } from './exit-codes.js';
import { whyUnreadable } from './why-unreadable.js';
import type { Terminal } from './terminal.js';

/** Reads a pipeline from a file, or from standard input for `-`. @throws CouldNot */
export async function readPipelineFile(file: string, { stdin }: Terminal): Promise<PipelineText> {
  const content = file === '-' ? await text(stdin) : await readText(file);
  if (Buffer.byteLength(content) > pipelineLimits.bodyBytes)
    throw new CouldNot(
      `${file === '-' ? 'standard input' : file} is larger than ${sizeOf(pipelineLimits.bodyBytes)}, the most that a server takes.`,
    );
  return { text: content, contentType: contentTypeOf(file, content) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CouldNot(`cannot read ${file}: ${whyUnreadable(error)}.`, { cause: error });
  }
}

/** By the file's ending; where it says nothing, what begins like a JSON object is JSON. */
function contentTypeOf(file: string, content: string): string {
  if (/\.json$/i.test(file)) return 'application/json';
  if (/\.ya?ml$/i.test(file)) return 'application/yaml';
  return /^\uFEFF?\s*\{/.test(content) ? 'application/json' : 'application/yaml';
}
