/**
 * lay-out-images.ts FOLDER: writes what goes into the images, from compiled sources and installed packages. For each
 * image FOLDER has two layers, which the Dockerfile copies to `/`: `modules`, the packages of npm, which seldom change,
 * and `code`. The same input gives the same files, byte for byte, with the same modes and times.
 */
import { chmod, copyFile, lstat, lutimes, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { billOfMaterials } from './bill-of-materials.js';
import { copyModule, copyWorkspace } from './copy-package.js';
import { packagesOf } from './locked-packages.js';

/** Each image, and the workspace that needs all of it. */
const images = { services: 'cli', page: 'ui' };
/** The time that npm gives to every file of a package. */
const fileTime = new Date('1985-10-26T08:15:00.000Z');

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: lay-out-images.ts FOLDER');
await rm(folder, { recursive: true, force: true });
for (const [image, workspace] of Object.entries(images)) await layOut(workspace, path.join(folder, image));

async function layOut(workspace: string, to: string): Promise<void> {
  const modules = path.join(to, 'modules', 'app');
  const code = path.join(to, 'code', 'app');
  for (const { folder: from, name, workspace: own } of packagesOf(workspace)) {
    if (!own) await copyModule(from, path.join(modules, from));
    else {
      await copyWorkspace(from, path.join(code, from));
      const link = path.join(code, 'node_modules', name);
      await mkdir(path.dirname(link), { recursive: true });
      await symlink(path.relative(path.dirname(link), path.join(code, from)), link);
    }
  }
  await copyFile('LICENSE', path.join(code, 'LICENSE'));
  await writeFile(path.join(code, 'sbom.cdx.json'), billOfMaterials(workspace));
  await normalize(to);
}

/** Gives files, links and folders the same times and modes on every machine. */
async function normalize(at: string): Promise<void> {
  const found = await lstat(at);
  if (found.isDirectory()) for (const name of await readdir(at)) await normalize(path.join(at, name));
  if (!found.isSymbolicLink()) await chmod(at, found.isDirectory() || found.mode & 0o100 ? 0o755 : 0o644);
  await lutimes(at, fileTime, fileTime);
}
