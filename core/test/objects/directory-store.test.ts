import { expect } from 'chai';
import { chmod, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirectoryStore } from '../../src/objects/directory-store.js';
import { contentOf, objectStoreSuite } from '../../suite/object-store-suite.js';

describe('objects in a directory', () => {
  objectStoreSuite(async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'chainr-objects-'));
    const root = path.join(home, 'archive');
    return {
      store: new DirectoryStore(root),
      list: () => listFiles(root),
      named: /file:\/\/.*\/archive: ENOTDIR/,
      breakDown: async () => {
        await rename(root, path.join(home, 'elsewhere'));
        await writeFile(root, 'a file in the place of the directory');
      },
      close: () => rm(home, { recursive: true, force: true }),
    };
  });

  it('can be read by nobody else', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'chainr-objects-'));
    try {
      await chmod(root, 0o755);
      await new DirectoryStore(root).put('a/b/0.1', contentOf(Buffer.from('x')), new AbortController().signal);
      const modes = await Promise.all(['a', 'a/b', 'a/b/0.1'].map(async (name) => (await stat(path.join(root, name))).mode & 0o077)); // prettier-ignore
      expect(modes).to.deep.equal([0, 0, 0]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))).sort();
}
