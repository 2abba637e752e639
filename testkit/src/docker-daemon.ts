import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, openSync, closeSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { untilFound } from './until-found.js';

export interface DockerDaemon {
  readonly socketPath: string;
  readonly folder: string;
  readonly pid: number;
  /** Ends it together with all containers. Its folder stays, and another daemon can be started on it. */
  end: () => Promise<void>;
  /** Ends it and removes its folder. */
  stop: () => Promise<void>;
}

const busybox = '/bin/busybox';

/** Why no daemon can be started on this machine; undefined if one can. */
export function whyNoDocker(): string | undefined {
  if (process.getuid?.() !== 0) return 'a Docker daemon of its own needs root';
  const programs = ['/usr/sbin/dockerd', '/usr/bin/docker-init', busybox];
  const missing = programs.filter((program) => !isProgram(program));
  // Newer Debians have the command in a package of its own.
  const folders = (process.env['PATH'] ?? '').split(':');
  if (!folders.some((folder) => isProgram(path.join(folder, 'docker')))) missing.push('docker');
  if (missing.length === 0) return undefined;
  return `not here: ${missing.join(', ')}; install docker.io, docker-cli (where that is a package) and busybox-static`;
}

/**
 * Starts a real Docker daemon without a network; takes half a second.
 * @param of the folder of one that has ended; by default a new one under the system's temporary folder
 */
export async function startDockerDaemon(of?: string): Promise<DockerDaemon> {
  const folder = of ?? (await mkdtemp(path.join(tmpdir(), 'chainr-docker-')));
  const socketPath = path.join(folder, 'docker.sock');
  const at = (name: string): string => path.join(folder, name);
  const log = openSync(at('log'), 'a');
  const flags = ['--host', `unix://${socketPath}`, '--data-root', at('data'), '--exec-root', at('exec')];
  const network = ['--pidfile', at('pid'), '--iptables=false', '--ip6tables=false', '--bridge=none'];
  const child = spawn('/usr/sbin/dockerd', [...flags, ...network], { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const ended = once(child, 'exit');
  await untilFound('the Docker daemon to answer', () => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`dockerd ended at once: ${readFileSync(at('log'), 'utf8').split('\n').slice(-5).join('\n')}`);
    return answers(socketPath);
  });
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return {
    socketPath,
    folder,
    pid: child.pid ?? 0,
    end,
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Creates an image from this machine's static busybox, under each of the names. */
export async function importBusybox(socketPath: string, names: readonly string[]): Promise<void> {
  const archive = await packBusybox();
  for (const name of names) await importImage(socketPath, name, archive);
}

/** Creates an image with one program, a static /busybox, and nothing else, not even a shell. */
export async function importShellless(socketPath: string, name: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'busybox', mode: 0o755 }, readFileSync(busybox));
  archive.finalize();
  await importImage(socketPath, name, await allOf(archive));
}

/** A tar with the contents of that image. */
export async function packBusybox(): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(busybox, ['--list']);
  const archive = pack();
  for (const name of ['bin', 'usr', 'usr/bin', 'etc', 'tmp']) archive.entry({ name, type: 'directory' });
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync(busybox));
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  for (const name of applets) archive.entry({ name: `bin/${name}`, type: 'symlink', linkname: '/bin/busybox' });
  archive.entry({ name: 'usr/bin/env', type: 'symlink', linkname: '/bin/busybox' });
  archive.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\nsomebody:x:1000:1000::/:/bin/sh\n');
  archive.entry({ name: 'etc/group' }, 'root:x:0:\nsomebody:x:1000:\n');
  archive.finalize();
  return allOf(archive);
}

/** The bytes of an archive that is complete. */
export async function allOf(archive: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Creates an image from a tar of its files. */
export async function importImage(socketPath: string, name: string, archive: Buffer): Promise<void> {
  const child = spawn('docker', ['-H', `unix://${socketPath}`, 'import', '-', name], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end(archive);
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`docker import ended with ${String(code)}`);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath, () => socket.write('GET /_ping HTTP/1.0\r\n\r\n'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      resolve(text.includes('200 OK'));
      socket.destroy();
    });
    socket.on('error', () => { resolve(false); }).on('close', () => { resolve(false); }); // prettier-ignore
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
