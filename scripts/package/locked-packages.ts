import { readFileSync } from 'node:fs';

/** A package that package-lock.json names: one of npm, or a workspace of this repository. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package declares it. */
  readonly license: string | undefined;
  /** Digest of its archive, as in `sha512-…`; a workspace has none. */
  readonly integrity: string | undefined;
  /** Its folder, from the root of the repository. */
  readonly folder: string;
  readonly workspace: boolean;
}

interface LockEntry {
  /** Of a workspace; that of another package is in its folder's path. */
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  /** Of a link: the folder of the workspace. */
  readonly resolved?: string;
  readonly link?: true;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { optional?: boolean }>>;
}

type Lock = Readonly<Record<string, LockEntry>>;

/**
 * What a workspace needs at run time: itself, its dependencies and theirs, sorted by folder. Optional dependencies are
 * left out: those here are native code, which exists for some platforms only, and nothing needs it.
 *
 * @param workspace its folder
 */
export function packagesOf(workspace: string): LockedPackage[] {
  const { packages: lock } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Lock };
  const found = new Set<string>();
  const waiting = [workspace];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (found.has(folder)) continue;
    found.add(folder);
    for (const name of neededBy(entryOf(lock, folder))) waiting.push(folderOf(lock, name, folder));
  }
  return [...found].sort().map((folder) => {
    const { name, version = '', license, integrity } = entryOf(lock, folder);
    const workspace = !folder.includes('node_modules/');
    return { name: name ?? folder.replace(/^.*node_modules\//, ''), version, license, integrity, folder, workspace };
  });
}

function entryOf(lock: Lock, folder: string): LockEntry {
  const entry = lock[folder];
  if (!entry) throw new Error(`package-lock.json has no ${folder}`);
  return entry;
}

function neededBy(entry: LockEntry): string[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = entry;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers].filter((name) => !(name in optionalDependencies));
}

/** Where Node finds a package: in the `node_modules` of the folder that needs it, or of the nearest one above. */
function folderOf(lock: Lock, name: string, neededIn: string): string {
  const parts = neededIn.split('/');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const folder = [...parts.slice(0, depth), 'node_modules', name].join('/');
    const entry = lock[folder];
    if (entry) return entry.link && entry.resolved !== undefined ? entry.resolved : folder;
  }
  throw new Error(`package-lock.json has no ${name}, which ${neededIn} needs`);
}
