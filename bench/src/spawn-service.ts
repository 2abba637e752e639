import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface SpawnedService {
  pid: number;
  /** Its message channel is open if it is watched. */
  child: ChildProcess;
  /** The socket on which it listens. */
  socketPath: string;
  stop(): Promise<void>;
}

interface SpawnOptions {
  /** It reports how long its event loop is blocked (`watch-event-loop.mjs`). */
  watched?: boolean;
  nodeOptions?: readonly string[];
  /** Words of a command that replaces itself by the service. */
  within?: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const readyWithinMs = 20_000;
const askEveryMs = 20;

/** Services are measured compiled, as they are run. */
export async function buildServices(): Promise<void> {
  await promisify(execFile)(path.join(root, 'scripts/build-if-stale.sh'));
}

/**
 * Starts a compiled service as a process of its own, and resolves when it reports that it is ready.
 */
export async function spawnService(
  name: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  { watched = false, nodeOptions = [], within = [] }: SpawnOptions = {},
): Promise<SpawnedService> {
  const socketPath = path.join(folder, `${name}.sock`);
  const watching = watched ? [`--import=${path.join(root, 'bench/src/watch-event-loop.mjs')}`] : [];
  const words = [...within, process.execPath, ...nodeOptions, ...watching, path.join(root, name, 'dist/main.js')];
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], CHAINR_LOG_LEVEL: 'error', CHAINR_LISTEN: `unix:${socketPath}`, ...env },
    stdio: ['ignore', 'inherit', 'inherit', ...(watched ? ['ipc' as const] : [])],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  const deadline = performance.now() + readyWithinMs;
  while ((await statusOf(socketPath, '/readyz')) !== 200) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${name} did not become ready`);
    }
    await pause(askEveryMs);
  }
  return { pid: child.pid ?? 0, child, socketPath, stop };
}

/** Undefined if nothing answers. */
function statusOf(socketPath: string, target: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path: target, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
}
