import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk in memory, for tests to fill. */
export interface SmallDisk {
  readonly folder: string;
  /**
   * Takes all space that is left, to the last byte.
   * @returns a function that frees it
   */
  fill(): () => void;
  /** Runs work while no space is left, and frees the space afterwards. */
  whileFull<T>(work: () => Promise<T>): Promise<T>;
  /** Removes the disk with everything on it. */
  remove(): void;
}

/**
 * @param size in the form of mount(8), such as `8m`
 * @returns undefined if this user cannot mount
 */
export function mountSmallDisk(size: string): SmallDisk | undefined {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chainr-small-')));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const fill = (): (() => void) => {
    const ballast = join(folder, 'ballast');
    fillFile(ballast);
    return () => rmSync(ballast);
  };
  return {
    folder,
    fill,
    whileFull: async (work) => {
      const free = fill();
      try {
        return await work();
      } finally {
        free();
      }
    },
    remove: () => {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

function fillFile(path: string): void {
  const file = openSync(path, 'w');
  for (let size = 64 * 1024; size >= 1;) {
    try {
      if (writeSync(file, Buffer.alloc(size)) < size) size >>= 1;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      size >>= 1;
    }
  }
  closeSync(file);
}
