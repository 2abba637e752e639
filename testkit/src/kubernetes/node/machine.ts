import { execFile, execFileSync } from 'node:child_process';
import { closeSync, existsSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A folder or file of this machine at a place in a container. */
export interface Mount {
  source: string;
  /** Absolute, in the container. */
  target: string;
  readOnly: boolean;
  /** Nothing may be created in it: it is this machine's own. */
  isForeign?: boolean;
}

/** What all containers of a stand-in share: the folders below which they live, and the programs of this machine. */
export interface Machine {
  folder: string;
  /** Whether this process is root; otherwise containers get a user namespace, and only the user 0. */
  isRoot: boolean;
  /** The programs of this machine, /etc and /dev, for every container. */
  mounts: readonly Mount[];
  /** Links at the root of every container, such as /bin to usr/bin. */
  links: ReadonlyMap<string, string>;
  remove: () => Promise<void>;
}

const unshareFlags = ['--mount', '--pid', '--fork', '--kill-child'];

export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The words that start a command in namespaces of its own; it dies with this process. */
export function unshareWords(isRoot: boolean): string[] {
  const user = isRoot ? [] : ['--user', '--map-root-user'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, ...unshareFlags];
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** Why containers cannot run on this machine; undefined if they can. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== 'linux') return 'the stand-in of Kubernetes needs Linux';
  const [program = '', ...words] = unshareWords(isRoot());
  try {
    const script = 'mount -t tmpfs none /mnt';
    execFileSync(program, [...words, 'sh', '-c', script], { env: { PATH: searchPath }, stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error);
    return `containers need namespaces (root, or user namespaces that are allowed to mount): ${text}`;
  }
}

/** Devices that every container has. The numbers are those of Linux. */
const devices = { null: [1, 3], zero: [1, 5], full: [1, 7], random: [1, 8], urandom: [1, 9], tty: [5, 0] } as const;

const script = `
cd "$1"
mkdir etc dev pods
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for name in passwd group nsswitch.conf resolv.conf hosts localtime ld.so.cache alternatives; do
  [ ! -e "/etc/$name" ] || cp -a "/etc/$name" "etc/$name"
done
`;

/** Takes about 15 ms. */
export async function prepareMachine(): Promise<Machine> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-kubernetes-'));
  await promisify(execFile)('sh', ['-e', '-c', script, 'sh', folder]);
  const mounts: Mount[] = [];
  const links = new Map<string, string>();
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'usr']) {
    const place = `/${name}`;
    if (!existsSync(place)) continue;
    if (lstatSync(place).isSymbolicLink()) links.set(name, readlinkSync(place));
    else mounts.push({ source: place, target: place, readOnly: true, isForeign: true });
  }
  mounts.push({ source: `${folder}/etc`, target: '/etc', readOnly: true });
  mounts.push({ source: `${folder}/dev`, target: '/dev', readOnly: false });
  const made = isRoot() && makeDevices(`${folder}/dev`);
  if (!made) {
    for (const name of Object.keys(devices)) {
      closeSync(openSync(`${folder}/dev/${name}`, 'a'));
      mounts.push({ source: `/dev/${name}`, target: `/dev/${name}`, readOnly: false });
    }
  }
  return { folder, isRoot: isRoot(), mounts, links, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** @returns false if the file system of the folder allows no devices */
function makeDevices(folder: string): boolean {
  const words = Object.entries(devices).map(([name, [major, minor]]) => `mknod -m 666 ${name} c ${major} ${minor}`);
  try {
    execFileSync('sh', ['-e', '-c', words.join('\n')], { cwd: folder, stdio: 'ignore' });
    closeSync(openSync(`${folder}/null`, 'w'));
    return true;
  } catch {
    for (const name of Object.keys(devices)) execFileSync('rm', ['-f', `${folder}/${name}`]);
    return false;
  }
}
