import type Docker from 'dockerode';
import { within } from '@chainr/core/async/within';
import { noFaults, type FaultHook } from '@chainr/core/engine/fault-points';
import type { AttemptKey, AttemptSpec, Capabilities, Executor } from '../port.js';
import { AttemptDrive } from './watch/attempt-drive.js';
import type { DockerContext } from './context.js';
import { workspacePath } from './start/create-container.js';
import { EventBoard } from './watch/event-board.js';
import { listAttempts } from './list-attempts.js';
import { nameOfKey } from './names.js';
import { readLogs } from './output/read-logs.js';
import { removeAttempt } from './end/remove-attempt.js';
import { stopAttempt } from './end/stop-attempt.js';

/** How long the daemon may take to answer a ping. */
const pingMs = 2_000;
/** How long a failing pull is retried (see Deadlines and retries). */
const usualPullPatienceMs = 30_000;
/** How long a start is retried that an answering daemon refuses with errors of its own. */
const usualStartPatienceMs = 30_000;

export interface DockerExecutorOptions {
  docker: Docker;
  /** The daemon's id, from `findDaemon`. */
  daemonId: string;
  /** The id of the instance. A function, since it is known only after the store has started. */
  instance: () => string;
  /** The networks that a job may name; `bridge` and `none` by default. */
  networks?: readonly string[];
  /** The image that holds the network of services and checks their ports: it has `sleep`, `sh`, `timeout` and busybox' `nc`. */
  helperImage?: string;
  /** How long a failing pull is retried; 30 s by default (see Deadlines and retries). */
  pullPatienceMs?: number;
  /** How long a start is retried that an answering daemon refuses with errors of its own; 30 s by default. */
  startPatienceMs?: number;
  /** Called at the fault points. */
  reach?: FaultHook;
}

export const dockerCapabilities: Capabilities = {
  image: true,
  memoryLimit: true,
  workspacePath,
  output: true,
  separateStreams: true,
  checksLoopback: true,
  restartsServices: false,
  exactOutput: true,
  rotatesOutput: false,
  replaceableOutputFile: true,
  timeStepMs: 1,
  unfinishedLines: false,
  manyOwners: false,
  refusesMissingWorkdir: false,
  startsAtCreation: false,
  canVanish: true,
  services: true,
};

/**
 * Runs each step and service of an attempt as a container of a Docker daemon. The steps share a volume at `/shared`, and
 * with services all share one network.
 */
export function createDockerExecutor(options: DockerExecutorOptions): Executor {
  const {
    docker,
    daemonId,
    instance,
    networks = ['bridge', 'none'],
    helperImage = 'busybox:stable',
    pullPatienceMs = usualPullPatienceMs,
    startPatienceMs = usualStartPatienceMs,
    reach = noFaults,
  } = options;
  const board = new EventBoard(docker, instance);
  const drives = new Map<string, AttemptDrive>();
  let pinging: Promise<unknown> | undefined;
  const isDriven = (key: AttemptKey): boolean => drives.has(nameOfKey(key));
  const context: DockerContext = {
    docker,
    instance,
    networks,
    helperImage,
    pullPatienceMs,
    startPatienceMs,
    board,
    reach,
    isDriven,
  };

  const driveOf = (spec: AttemptSpec): AttemptDrive => {
    const known = drives.get(nameOfKey(spec));
    known?.learn(spec);
    if (known) return known;
    const drive = new AttemptDrive(context, spec);
    drives.set(nameOfKey(spec), drive);
    return drive;
  };

  const forget = (key: AttemptKey, drive: AttemptDrive): void => {
    if (drives.get(nameOfKey(key)) === drive) drives.delete(nameOfKey(key));
  };

  return {
    kind: 'docker',
    id: `docker:${daemonId}`,
    capabilities: dockerCapabilities,
    async ensure(spec, guard, recordStart) {
      guard();
      const drive = driveOf(spec);
      drive.actUnder(guard, recordStart);
      drive.shared.go().catch(() => undefined); // The observer calls it again and gets the error.
    },
    async observe(spec, onPhase, signal) {
      const drive = driveOf(spec);
      try {
        const outcome = await drive.shared.observe(onPhase, signal);
        forget(spec, drive);
        return outcome;
      } finally {
        if (signal.aborted && !drive.shared.isObserved) forget(spec, drive);
        board.notify(spec); // A log reader that waits for steps that never begin learns that it is over.
      }
    },
    logs: (spec, from, signal) => readLogs(context, spec, from, signal),
    stop: (key, graceMs, guard) => stopAttempt(context, key, graceMs, guard),
    remove: (key, guard) => removeAttempt(context, key, guard),
    async ping() {
      // A frozen daemon gets one at a time.
      pinging ??= docker.ping().finally(() => (pinging = undefined));
      await within(pingMs, pinging, () => {
        throw new Error(`no answer within ${String(pingMs)} ms`);
      });
    },
    list: () => listAttempts(context),
    close: async () => {
      for (const drive of drives.values()) drive.shared.stop();
      drives.clear();
      board.close();
    },
  };
}
