import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Machine, Mount } from './machine.js';
import { StartFailure } from './start-failure.js';

/** Where the paths of a container are on this machine. */
export class ContainerPaths {
  readonly #machine: Machine;
  readonly #root: string;
  /** The deepest ones first. */
  readonly #mounts: readonly Mount[];

  constructor(machine: Machine, root: string, mounts: readonly Mount[]) {
    this.#machine = machine;
    this.#root = root;
    this.#mounts = [...mounts].sort((a, b) => b.target.length - a.target.length);
  }

  /** @param place absolute, in the container */
  #find(place: string, besides?: Mount): { host: string; isForeign: boolean } {
    const normal = path.normalize(place);
    const [, first = '', ...rest] = normal.split('/');
    const link = this.#machine.links.get(first);
    if (link !== undefined) return this.#find(path.join('/', link, ...rest), besides);
    const mount = this.#mounts.find(
      (each) => each !== besides && (normal === each.target || normal.startsWith(`${each.target}/`)),
    );
    if (!mount) return { host: path.join(this.#root, normal), isForeign: false };
    return { host: path.join(mount.source, normal.slice(mount.target.length)), isForeign: mount.isForeign === true };
  }

  makeFolder(place: string): void {
    const { host, isForeign } = this.#find(place);
    if (existsSync(host)) return;
    if (isForeign) throw new StartFailure(`error during container init: mkdir ${place}: read-only file system`);
    mkdirSync(host, { recursive: true });
  }

  makeMountPoint(mount: Mount): void {
    const { host, isForeign } = this.#find(mount.target, mount);
    if (existsSync(host)) return;
    if (isForeign)
      throw new StartFailure(`error mounting "${mount.source}" to rootfs at "${mount.target}": read-only file system`);
    if (statSync(mount.source).isDirectory()) {
      mkdirSync(host, { recursive: true });
      return;
    }
    mkdirSync(path.dirname(host), { recursive: true });
    closeSync(openSync(host, 'a'));
    chmodSync(host, 0o666);
  }

  /** @throws StartFailure if the program cannot be started, in the words of runc */
  checkProgram(program: string, searchPath: string, workingDir: string): void {
    const refuse = (why: string): StartFailure => new StartFailure(`exec: "${program}": ${why}`);
    if (!program.includes('/')) {
      const folders = searchPath.split(':').filter((folder) => folder !== '');
      if (folders.some((folder) => isProgram(this.#find(path.join('/', folder, program)).host))) return;
      throw refuse('executable file not found in $PATH');
    }
    const { host } = this.#find(path.resolve(workingDir, program));
    if (!existsSync(host)) throw refuse(`stat ${program}: no such file or directory`);
    if (!isProgram(host)) throw refuse('permission denied');
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The mounts as fstab(5), in the order in which they are made. */
export function mountTable(root: string, mounts: readonly Mount[], isRoot: boolean, isRootReadOnly: boolean): string {
  // In a user namespace a folder can only be mounted with all that is mounted below it.
  const bind = isRoot ? 'bind' : 'rbind';
  const rows = mounts.map(({ source, target, readOnly }) => [
    source,
    path.join(root, target),
    'none',
    readOnly && isRoot ? `${bind},ro` : bind,
  ]);
  const self = isRootReadOnly ? [[root, root, 'none', `${bind},ro`]] : [];
  const processes = ['proc', `${root}/proc`, 'proc', 'nosuid,noexec,nodev'];
  const words = [...self, ...rows, processes].map((row) => row.map((word) => word.replaceAll(' ', '\\040')).join(' '));
  return `${words.join('\n')}\n`;
}
