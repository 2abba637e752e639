import { watch } from 'node:fs';
import { isAlive, parseIdentity, type Identity } from '../../src/process/identity.js';
import { readIfThere } from '../../src/process/read-if-there.js';

/** Resolves with the text of a file in the folder as soon as it holds a whole line. */
export function untilWritten(folder: string, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const text = readIfThere(`${folder}/${file}`);
      if (!text?.includes('\n')) return;
      watcher.close();
      resolve(text);
    };
    const watcher = watch(folder, look);
    watcher.on('error', reject);
    look();
  });
}

export async function identityIn(folder: string, file: string): Promise<Identity> {
  const identity = parseIdentity(await untilWritten(folder, file));
  if (!identity) throw new Error(`${folder}/${file} holds no identity.`);
  return identity;
}

/** Resolves when the process is gone; it has been told to go. */
export async function untilGone(identity: Identity): Promise<void> {
  while (isAlive(identity)) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the condition holds; it is looked at again and again. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
