import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Files that no program reads at run time: types, maps, prose, and what native code is built from or to. */
const neverRead = /\.(?:[cm]?ts|map|md|markdown|node|bare|o|a|so|exe|dll|cc|cpp|h|gyp|gypi)$|(?:^|\/)\.[^/]+$/;
/** A license demands that its text is kept. */
const license = /(?:licen[cs]e|notice|copying)[^/]*$/i;
/** Folders of a package that hold native code. */
const nativeFolders = new Set(['build/Release', 'build/Debug', 'prebuilds']);

/** Copies what runs of a package of npm. Packages within it are packages of their own. */
export async function copyModule(from: string, to: string): Promise<void> {
  const files = await filesOf(from, (folder) => folder !== 'node_modules' && !nativeFolders.has(folder));
  for (const file of files) if (license.test(file) || !neverRead.test(file)) await copy(from, to, file);
}

/**
 * Copies what runs of a workspace: its manifest, its compiled code, the files beside the sources that the code reads
 * (Lua, shell), its command and its page. What was compiled of a source that is gone stays behind.
 */
export async function copyWorkspace(from: string, to: string): Promise<void> {
  await copy(from, to, 'package.json');
  for (const part of ['bin', 'public', 'src', 'dist']) {
    if (!existsSync(path.join(from, part))) continue;
    for (const file of (await filesOf(path.join(from, part))).map((found) => `${part}/${found}`)) {
      if (part === 'src' ? !file.endsWith('.ts') : part !== 'dist' || isCompiled(from, file))
        await copy(from, to, file);
    }
  }
  if (!existsSync(path.join(to, 'dist'))) throw new Error(`${from} is not compiled: run npm run build`);
}

/** The fake executor is for tests and benchmarks only. */
const isCompiled = (folder: string, file: string): boolean =>
  file.endsWith('.js') &&
  !file.startsWith('dist/fake/') &&
  existsSync(path.join(folder, file.replace(/^dist/, 'src').replace(/js$/, 'ts')));

/** Paths of all files below a folder, sorted. */
async function filesOf(folder: string, enter: (folder: string) => boolean = () => true): Promise<string[]> {
  const files: string[] = [];
  const read = async (at: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, at), { withFileTypes: true })) {
      const found = path.posix.join(at, entry.name);
      if (!entry.isDirectory()) files.push(found);
      else if (enter(found)) await read(found);
    }
  };
  await read('');
  return files.sort();
}

async function copy(from: string, to: string, file: string): Promise<void> {
  const source = path.join(from, file);
  if (await isNative(source)) throw new Error(`${source} is native code, which runs on one platform only`);
  const target = path.join(to, file);
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(source, target);
}

/** Whether a file begins as programs and libraries of Linux, macOS or Windows do. */
async function isNative(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString('latin1');
    return start === '\x7fELF' || start.startsWith('MZ') || ['\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe'].includes(start);
  } finally {
    await handle.close();
  }
}
