import { chmodSync, closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import type { ContainerLog } from './container-log.js';

/** What the kubelet reads of one container's message at most. */
const maxMessage = 4096;
/** How much of its log takes the place of a message: `FallbackToLogsOnError`. */
const maxFallback = { bytes: 2048, lines: 80 };

/** The file in which a container leaves its last words. */
export class TerminationFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '');
    // The mode of writeFile is cut by the mask of this process.
    chmodSync(path, 0o666);
  }

  /** @param fallback the log that stands for an empty message */
  read(fallback: ContainerLog | undefined): string {
    const file = openSync(this.path, 'r');
    const bytes = Buffer.alloc(maxMessage);
    const size = readSync(file, bytes, 0, maxMessage, 0);
    closeSync(file);
    if (size > 0 || !fallback) return bytes.toString('utf8', 0, size);
    const lines = readFileSync(fallback.pathOf(fallback.generation), 'utf8').split('\n').slice(0, -1);
    const texts = lines.slice(-maxFallback.lines).map((line) => `${line.split(' ').slice(3).join(' ')}\n`);
    return Buffer.from(texts.join('')).subarray(-maxFallback.bytes).toString();
  }
}
