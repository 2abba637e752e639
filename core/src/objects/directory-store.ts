import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { checkObjectName, ObjectStoreUnavailable, type ObjectContent, type ObjectStore } from './object-store.js';

/**
 * Objects as files below a directory, which may be a volume that several machines share. A process that is killed
 * while it puts an object leaves a `.part` file beside it, which goes with its prefix.
 */
export class DirectoryStore implements ObjectStore {
  readonly address: string;
  readonly #root: string;

  /** @param root an absolute path; made when the first object is put */
  constructor(root: string) {
    this.#root = root;
    this.address = `file://${root}`;
  }

  async put(name: string, { chunks }: ObjectContent, signal: AbortSignal): Promise<void> {
    const file = this.#pathOf(name);
    const part = `${file}.${randomUUID()}.part`;
    try {
      await this.#attempt(name, 'write', () => makeFolder(path.dirname(file)));
      const handle = await this.#attempt(name, 'write', () => open(part, 'wx', 0o600));
      try {
        for await (const chunk of chunks()) {
          signal.throwIfAborted();
          await this.#attempt(name, 'write', () => writeAll(handle, chunk));
        }
        await this.#attempt(name, 'write', () => handle.sync());
      } finally {
        await handle.close();
      }
      await this.#attempt(name, 'write', async () => {
        await rename(part, file);
        await syncFolder(path.dirname(file));
      });
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
  }

  async read(name: string, from: number, to: number): Promise<Buffer | undefined> {
    const file = this.#pathOf(name);
    return this.#attempt(name, 'read', async () => {
      const handle = await openIfPresent(file);
      if (!handle) return undefined;
      try {
        const bytes = Buffer.alloc(to - from);
        for (let at = 0; at < bytes.length;) {
          const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at);
          if (bytesRead === 0) throw new Error(`it ends before byte ${String(to)}`);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    });
  }

  async remove(prefix: string): Promise<void> {
    const folder = this.#pathOf(prefix.replace(/\/$/, ''));
    await this.#attempt(prefix, 'remove', () => rm(folder, { recursive: true, force: true }));
  }

  #pathOf(name: string): string {
    return path.join(this.#root, checkObjectName(name));
  }

  async #attempt<T>(name: string, verb: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ObjectStoreUnavailable(`Cannot ${verb} ${name} in ${this.address}: ${why}`, { cause: error });
    }
  }
}

async function openIfPresent(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten;
}

/** Makes a folder; the entries of all new ones are durable. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(path.dirname(made));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
