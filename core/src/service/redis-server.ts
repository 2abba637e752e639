import { spawn } from 'node:child_process';
import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';

export interface RedisServerOptions {
  /** The folder of its append-only file, log and pid file; created with mode 0700 if missing. */
  folder: string;
  /** The unix socket on which it listens, at most 100 bytes; it has no TCP port. */
  socketPath: string;
  /** `always` loses nothing if the machine stops; `everysec` loses up to about two seconds. */
  appendfsync?: 'everysec' | 'always';
  /** Bytes; 0 or absent: no limit. */
  maxmemory?: number;
  /** The program; defaults to `redis-server`. */
  program?: string;
  /** Further settings, such as `['--slowlog-log-slower-than', '5000']`. */
  extra?: readonly string[];
}

export interface RedisServer {
  /** `unix:/path/to/the.sock` */
  readonly url: string;
  readonly pid: number;
  /** Whether this call found it alive instead of starting it. */
  readonly found: boolean;
  /** Whether its process is alive. */
  isAlive(): boolean;
  /** Asks it to save and exit. After ten seconds it is killed; its file stays readable. */
  stop(): Promise<void>;
}

/**
 * Starts a private Redis server, or finds the one that an earlier owner left alive on the same socket. It runs in its
 * own session, so neither Ctrl-C nor the end of its parent kills it before the parent shuts it down in order.
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { folder, socketPath, appendfsync = 'everysec', maxmemory = 0, program = 'redis-server', extra = [] } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pidFile = path.join(folder, 'redis.pid');
  const livingPid = await pidBehind(socketPath);
  if (livingPid !== undefined) return redisServer(socketPath, livingPid, true);
  await unlink(socketPath).catch(ignoreMissing);
  await unlink(pidFile).catch(ignoreMissing);

  const log = await open(path.join(folder, 'redis.log'), 'a', 0o600);
  const args = [
    '--port',
    '0',
    '--unixsocket',
    socketPath,
    '--unixsocketperm',
    '700',
    '--dir',
    folder,
    '--pidfile',
    pidFile,
  ];
  args.push('--appendonly', 'yes', '--appendfsync', appendfsync, '--save', '', '--maxmemory', String(maxmemory));
  args.push('--maxmemory-policy', 'noeviction', '--daemonize', 'no', ...extra);
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new Error(
          error.code === 'ENOENT' ? `${program} is not installed: install redis-server 7.0 or newer` : error.message,
        ),
      );
    });
    child.once('exit', (code, signal) => {
      void lastLine(path.join(folder, 'redis.log')).then((line) => {
        reject(new Error(`${program} ended at once (${signal ?? `exit code ${String(code)}`}): ${line}`));
      });
    });
  });
  failed.catch(() => undefined); // Once it answers, a later exit is its owner's to notice.
  child.unref();
  try {
    await Promise.race([answers(socketPath), failed]);
  } finally {
    await log.close();
  }
  child.removeAllListeners();
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  return redisServer(socketPath, child.pid, false);
}

function redisServer(socketPath: string, pid: number, found: boolean): RedisServer {
  let stopping: Promise<void> | undefined;
  return {
    url: `unix:${socketPath}`,
    pid,
    found,
    isAlive: () => isAlive(pid),
    stop: () => (stopping ??= endServer(socketPath, pid)),
  };
}

async function endServer(socketPath: string, pid: number): Promise<void> {
  await command(socketPath, 'SHUTDOWN NOSAVE').catch(() => undefined); // It closes the connection instead of answering.
  const deadline = performance.now() + 10_000;
  while (isAlive(pid)) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until the server answers. After a crash this can be long, since it reads its file first. */
async function answers(socketPath: string): Promise<void> {
  for (;;) {
    const reply = await command(socketPath, 'PING').catch(() => '');
    if (reply.startsWith('+PONG')) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function pidBehind(socketPath: string): Promise<number | undefined> {
  for (;;) {
    const reply = await command(socketPath, 'INFO server').catch(() => undefined);
    if (reply === undefined) return undefined;
    const pid = /process_id:(\d+)/.exec(reply)?.[1];
    if (pid) return Number(pid);
    await new Promise((resolve) => setTimeout(resolve, 50)); // It is still loading its data.
  }
}

/** Sends one inline command of the Redis protocol; returns the raw reply. */
function command(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath, () => socket.write(`${line}\r\n`));
    let reply = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      reply += text;
      if (reply.endsWith('\r\n')) socket.end();
    });
    socket.on('error', reject).on('close', () => {
      resolve(reply);
    });
  });
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.at(-1) ?? '';
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
