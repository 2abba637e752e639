import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { allOf, importImage } from './docker-daemon.js';

/** Creates an image with this machine's Node and the libraries that it loads, and nothing else, not even a shell. */
export async function importNode(socketPath: string, name: string): Promise<void> {
  const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
  // `libm.so.6 => /lib/libm.so.6 (0x…)`, and the loader without the arrow.
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => file);
  const archive = pack();
  archive.entry({ name: 'usr/local/bin/node', mode: 0o755 }, await readFile(process.execPath));
  for (const file of libraries) archive.entry({ name: file.slice(1), mode: 0o755 }, await readFile(file));
  archive.finalize();
  await importImage(socketPath, name, await allOf(archive));
}
