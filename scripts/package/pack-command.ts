/**
 * pack-command.ts [FOLDER]: writes chainr-VERSION.tgz, the npm package of the `chainr` command, from compiled sources.
 * The workspaces are not published: the package brings them along (`bundleDependencies`), and npm gets the rest.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { copyWorkspace } from './copy-package.js';
import { packagesOf } from './locked-packages.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const [destination = '.'] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'chainr-package-'));
try {
  await layOut();
  // Named folders only, so that npm takes no settings and no workspaces from here.
  const words = ['pack', folder, '--pack-destination', path.resolve(destination), '--ignore-scripts'];
  execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function layOut(): Promise<void> {
  const dependencies = new Map<string, string>();
  const bundled: string[] = [];
  for (const { name, folder: from, workspace } of packagesOf('cli')) {
    if (!workspace) continue;
    const manifest = await manifestOf(from);
    for (const [needed, range] of Object.entries(manifest.dependencies ?? {})) {
      const other = dependencies.get(needed);
      if (other !== undefined && other !== range)
        throw new Error(`${from}/package.json wants ${needed} ${range}, another one ${other}: give both one range`);
      dependencies.set(needed, range);
    }
    if (from === 'cli') continue;
    bundled.push(name);
    await copyWorkspace(from, path.join(folder, 'node_modules', name));
  }
  await copyWorkspace('cli', folder);
  const { private: _notPublished, ...manifest } = { private: true, ...(await manifestOf('cli')) };
  const whole = {
    ...manifest,
    dependencies: Object.fromEntries([...dependencies].sort()),
    bundleDependencies: bundled.sort(),
  };
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(whole, null, 2)}\n`);
  for (const file of ['LICENSE', 'README.md']) await copyFile(file, path.join(folder, file));
}

async function manifestOf(workspace: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(workspace, 'package.json'), 'utf8')) as Manifest;
}
