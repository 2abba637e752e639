import { randomBytes } from 'node:crypto';
import { constants, mkdirSync, realpathSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { noFaults, type FaultHook } from '@chainr/core/engine/fault-points';
import type { Capabilities, Executor } from '../port.js';
import { baseEnvironment } from './start/attempt-environment.js';
import type { OnTrouble, ProcessContext } from './context.js';
import { explainFullDisk } from './output/disk-space.js';
import { ensureAttempt } from './start/ensure-attempt.js';
import { EscapeSweep } from './end/escape-sweep.js';
import { findProgram } from './find-program.js';
import { Launcher } from './start/launcher.js';
import { listAttempts } from './list-attempts.js';
import { machineId } from './machine-id.js';
import { observeAttempt } from './watch/observe-attempt.js';
import { readLogs } from './output/read-logs.js';
import { removeAttempt } from './end/remove-attempt.js';
import { removeStored } from './output/remove-stored.js';
import { stopAttempt } from './end/stop-attempt.js';
import { WatchBoard } from './watch/watch-board.js';

export interface ProcessExecutorOptions {
  /** The data folder, created if missing. Attempts live in `attempts/<run>/<job>/<attempt>/`. */
  folder: string;
  /** The id of the instance. `list` leaves out attempts of other instances. */
  instance: string;
  /** Defaults to `process:<machine id>:<real path of the folder>`. */
  id?: string;
  /** Called at the fault points `after-create` and `after-start`. */
  reach?: FaultHook;
  /** Defaults to doing nothing. */
  onTrouble?: OnTrouble;
}

export const processCapabilities: Capabilities = {
  image: false,
  memoryLimit: false,
  output: true,
  separateStreams: false,
  checksLoopback: false,
  restartsServices: false,
  exactOutput: true,
  rotatesOutput: false,
  replaceableOutputFile: true,
  timeStepMs: 1,
  unfinishedLines: true,
  manyOwners: true,
  refusesMissingWorkdir: true,
  startsAtCreation: false,
  canVanish: true,
  services: false,
};

/**
 * Runs attempts as processes of this machine: `image` and `resources` are ignored and nothing is isolated. A small
 * shell script supervises each attempt, so that it outlives the worker and is started once (see `supervisor.sh`).
 * Throws a sentence if it cannot work.
 */
export function createProcessExecutor({
  folder,
  instance,
  id,
  reach = noFaults,
  onTrouble = () => undefined,
}: ProcessExecutorOptions): Executor {
  if (process.platform !== 'linux') {
    throw new Error(`The process executor needs Linux (it reads /proc), and this is ${process.platform}.`);
  }
  mkdirSync(join(folder, 'attempts'), { recursive: true, mode: 0o700 });
  const home = realpathSync(folder);
  const attempts = join(home, 'attempts');
  const base = baseEnvironment(process.env);
  const searchPath = `${base['PATH'] ?? ''}:/usr/bin:/bin`;
  const plans = randomBytes(6).toString('hex');
  let planCount = 0;
  // supervisor.sh needs these.
  for (const program of ['dd', 'sleep']) findProgram(program, searchPath);
  const context: ProcessContext = {
    attempts,
    instance,
    base,
    envProgram: findProgram('env', searchPath),
    launcher: new Launcher(attempts, base, findProgram('setsid', searchPath)),
    board: new WatchBoard(),
    escapes: new EscapeSweep(),
    removedUpTo: new Map(),
    pendingStarts: new Map(),
    reach,
    onTrouble,
    nextPlan: () => `plan-${plans}-${(planCount += 1)}`,
  };
  return {
    kind: 'process',
    id: id ?? `process:${machineId(home)}:${home}`,
    capabilities: processCapabilities,
    ensure: async (spec, guard, recordStart) => {
      try {
        await ensureAttempt(context, spec, guard, recordStart);
      } catch (error) {
        throw explainFullDisk(error, attempts);
      }
    },
    observe: (spec, onPhase, signal) => observeAttempt(context, spec, onPhase, signal),
    logs: (spec, from, signal) => readLogs(context, spec, from, signal),
    stored: (key, position) => removeStored(context, key, position),
    stop: (key, graceMs, guard) => stopAttempt(context, key, graceMs, guard),
    remove: (key, guard) => removeAttempt(context, key, guard),
    ping: () => access(attempts, constants.W_OK),
    list: () => listAttempts(context),
    close: async () => {
      context.launcher.close();
      context.board.close();
      context.escapes.close();
    },
  };
}
