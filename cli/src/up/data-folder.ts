import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { Part } from '@chainr/core/service/lifecycle';
import { CouldNot } from '../exit-codes.js';

/** The path of a unix socket has at most 108 bytes with its end (unix(7)); the longest name here is `redis.sock`. */
const longestFolder = 90;

/** The folder of an instance on this machine. */
export interface DataFolder {
  /** Absolute, without links. */
  readonly home: string;
  readonly redis: string;
  /** For unix sockets; inside `home` unless the path would be too long. */
  readonly sockets: string;
  readonly log: string;
}

/** Creates the folder if it is missing, for its owner only. @throws CouldNot if nothing can be stored there */
export function openDataFolder(folder: string): DataFolder {
  try {
    return makeDataFolder(path.resolve(folder));
  } catch (error) {
    if (error instanceof CouldNot) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = whyNot[code] ?? `it is not writable (${code})`;
    throw new CouldNot(`CHAINR_HOME is ${JSON.stringify(folder)}, but ${why}: name a folder that you may write to.`, {
      cause: error,
    });
  }
}

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: 'the folder cannot be created',
  ENOTDIR: 'the path, or a part of it, is a file',
  EACCES: 'you do not have permission to write there',
  EPERM: 'you do not have permission to write there',
  EROFS: 'it is read-only',
  ENOSPC: 'its disk is full',
};

/** One level at a time: `mkdirSync` with `recursive` never returns if the parent exists but accepts no folders (/proc). */
function makeFolder(folder: string): void {
  try {
    // Throws ENOTDIR for a file: only a folder has `.`.
    statSync(`${folder}${path.sep}.`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || folder === path.dirname(folder))
      throw error;
    makeFolder(path.dirname(folder));
    makeLevel(folder);
  }
}

/** Another process may have created it a moment before. */
function makeLevel(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function makeDataFolder(folder: string): DataFolder {
  makeFolder(folder);
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  const home = realpathSync(folder);
  const inside = path.join(home, 'sockets');
  const name = `chainr-${String(userInfo().uid)}-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  const sockets = Buffer.byteLength(inside) <= longestFolder ? inside : path.join(tmpdir(), name);
  makeFolder(sockets);
  refuseForeign(sockets);
  return { home, sockets, redis: path.join(home, 'redis'), log: path.join(home, 'chainr.log') };
}

/** In a shared folder anyone could have created it before. Its owner could answer in our place. */
function refuseForeign(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  if (uid === userInfo().uid && (mode & 0o777) === 0o700) return;
  throw new CouldNot(`${folder} is not owned by this user: remove it, or set CHAINR_HOME to a shorter path.`);
}

/**
 * Keeps a second `chainr up` out of the folder. The lock is the name of an abstract unix socket (unix(7), "abstract"):
 * the kernel gives it to one process and releases it when that process ends, so no stale lock is left.
 */
export class FolderLock implements Part {
  readonly name = 'folder lock';
  readonly #home: string;
  readonly #server = createServer((socket) => socket.destroy());

  constructor(home: string) {
    this.#home = home;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = `another chainr uses the data in ${this.#home}: stop it, or set CHAINR_HOME to another folder.`;
        reject(error.code === 'EADDRINUSE' ? new CouldNot(taken) : error);
      });
      this.#server.listen(`\0chainr:${createHash('sha256').update(this.#home).digest('hex')}`, resolve);
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) resolve();
      else this.#server.close(() => { resolve(); }); // prettier-ignore
    });
  }
}
