import { appendFile, cp, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = ['core', 'executor', 'gate', 'sched', 'work', 'notif', 'recycle', 'ui', 'testkit'];
const leftOut = ['dist', 'test', 'integration', 'node_modules'];

/**
 * Copies the source of the services: another build of chainr, which runs beside this one. Its library of functions has
 * another text, and so another name. Third-party packages are those of this folder.
 *
 * @param folder is created
 */
export async function copyCode(folder: string): Promise<void> {
  const modules = path.join(folder, 'node_modules');
  await mkdir(path.join(modules, '@chainr'), { recursive: true });
  const linked = (await readdir(path.join(root, 'node_modules'))).filter((name) => name !== '@chainr');
  await Promise.all(linked.map((name) => symlink(path.join(root, 'node_modules', name), path.join(modules, name))));
  await cp(path.join(root, 'tsconfig.base.json'), path.join(folder, 'tsconfig.base.json'));
  for (const name of packages) {
    await cp(path.join(root, name), path.join(folder, name), {
      recursive: true,
      filter: (source) => !leftOut.includes(path.basename(source)),
    });
    await symlink(path.join('..', '..', name), path.join(modules, '@chainr', name));
  }
  await appendFile(path.join(folder, 'core/src/store/lua/frame/run-call.lua'), '-- Another build.\n');
}
