import { Readable } from 'node:stream';
import { extract, type Extract } from 'tar-stream';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { outputBytesRead, type WrittenOutputs } from '@chainr/core/engine/outputs';
import type { DockerContext } from '../context.js';
import { outputPath } from '../start/create-container.js';
import { reasonOf, statusOf } from '../daemon-errors.js';

/** The outputs of the steps, read through a container that has ended: all share the workspace. */
export async function readOutputs(
  context: DockerContext,
  steps: readonly StepSpec[],
  container: string,
): Promise<WrittenOutputs[]> {
  const written: WrittenOutputs[] = [];
  for (const [index, { name }] of steps.entries()) {
    const found = await readPlainFile(context, container, outputPath(index));
    if (found) written.push({ step: name, ...found });
  }
  return written;
}

/** The daemon's message if the container exists and the file does not. */
const noSuchFile = /could not find the file/i;

/** Undefined if there is no file. The daemon sends a tar; only what is needed of it is read. */
async function readPlainFile(
  { docker }: DockerContext,
  container: string,
  path: string,
): Promise<{ content: Buffer | undefined } | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await docker.getContainer(container).getArchive({ path });
  } catch (error) {
    // A 404 may also mean that the container is gone. The next look then finds the attempt Deleted.
    if (statusOf(error) === 404 && noSuchFile.test(reasonOf(error))) return undefined;
    throw error;
  }
  const files = extract();
  archive.on('error', (error: Error) => {
    files.destroy(error);
  });
  archive.pipe(files);
  try {
    return await readFirst(files);
  } finally {
    if (archive instanceof Readable) archive.destroy();
  }
}

async function readFirst(files: Extract): Promise<{ content: Buffer | undefined } | undefined> {
  for await (const entry of files) {
    if (entry.header.type !== 'file') return { content: undefined };
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of entry) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length >= outputBytesRead) break;
    }
    return { content: Buffer.concat(parts).subarray(0, outputBytesRead) };
  }
  return undefined;
}
