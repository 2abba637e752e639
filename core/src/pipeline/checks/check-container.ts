import { pipelineLimits } from '../limits.js';
import type { MistakeList, Path } from '../mistakes.js';
import { shellsOwn } from '../names.js';
import { isPlainMap, type PlainMap } from '../plain-values.js';

/** Checks the lengths of variables, and which may be secrets. Returns their total size in bytes as written. */
export function checkEnv(env: unknown, path: Path, mistakes: MistakeList): number {
  if (!isPlainMap(env)) return 0;
  return Object.entries(env).reduce((sum, [name, value]) => {
    const bytes = bytesOf(name) + bytesOf(value) + 2;
    if (bytes - 1 > pipelineLimits.argumentBytes) {
      const most = String(pipelineLimits.argumentBytes);
      mistakes.add([...path, name], `is longer than ${most} bytes with its name, the limit of Linux for one variable`);
    }
    if (isPlainMap(value) && Object.hasOwn(value, 'secret') && shellsOwn.test(name)) {
      mistakes.add([...path, name], 'shells use this variable themselves: put the secret into another one');
    }
    return sum + bytes;
  }, 0);
}

/** The size of what the kernel gets for a program: its words and variables. */
export function checkContainerSize(container: PlainMap, path: Path, envBytes: number, mistakes: MistakeList): void {
  const words = [container.run, container.shell, container.command, container.args].flat();
  const bytes = words.reduce<number>((sum, word) => sum + bytesOf(word) + 1, envBytes);
  if (bytes <= pipelineLimits.containerBytes) return;
  const most = String(pipelineLimits.containerBytes);
  mistakes.add(path, `needs ${String(bytes)} bytes for its command and variables, but at most ${most} are allowed`);
}

const encoder = new TextEncoder();
const bytesOf = (value: unknown): number => (typeof value === 'string' ? encoder.encode(value).length : 0);
