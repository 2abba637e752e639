import { noFaults, type FaultHook } from '@chainr/core/engine/fault-points';
import type { AttemptSpec, Capabilities, Executor } from '../port.js';
import { ApiClient } from './api/api-client.js';
import type { Credentials } from './api/credentials.js';
import { boardOf, nameOf, unserved, type KubernetesContext } from './context.js';
import { removeAttempt } from './end/remove-attempt.js';
import { stopAttempt } from './end/stop-attempt.js';
import { listAttempts } from './list-attempts.js';
import { readLogs } from './output/read-logs.js';
import { readSecret } from './read-secret.js';
import { workspacePath } from './pod/step-container.js';
import { defaultPolicy, type Policy } from './policy/policy.js';
import { AttemptDrive } from './watch/attempt-drive.js';
import { PodBoard } from './watch/pod-board.js';

/** How long an image or a container that cannot be had is waited for (see Deadlines and retries). */
const usualObstaclePatienceMs = 30_000;
/** After that, and then again and again, it is asked what keeps a pod from its start. */
const usualSilentStartMs = 10_000;
/** The API has times in whole seconds. */
const timeStepMs = 1_000;
/** A week: only pods that no worker ends reach it. */
const usualBackstopSeconds = 7 * 24 * 3600;

export interface KubernetesExecutorOptions {
  credentials: Credentials;
  /** The uid of the home namespace, from `findCluster`. */
  clusterId: string;
  /** Where pods run; the first is the home namespace. */
  namespaces: readonly string[];
  /** The id of the instance. A function, since it is known only after the store has started. */
  instance: () => string;
  /** Between SIGTERM and SIGKILL; rounded up to whole seconds. */
  stopGraceMs: number;
  /** What pods may have; see docs/kubernetes.md. */
  policy?: Policy;
  obstaclePatienceMs?: number;
  silentStartMs?: number;
  backstopSeconds?: number;
  /** How long an answer of the API server is waited for. */
  answerMs?: number;
  /** Called at the fault points. */
  reach?: FaultHook;
}

export const kubernetesCapabilities: Capabilities = {
  image: true,
  memoryLimit: true,
  workspacePath,
  output: true,
  separateStreams: false,
  checksLoopback: false,
  restartsServices: true,
  exactOutput: false,
  rotatesOutput: true,
  replaceableOutputFile: false,
  timeStepMs,
  unfinishedLines: false,
  manyOwners: true,
  refusesMissingWorkdir: false,
  startsAtCreation: true,
  services: true,
  canVanish: true,
};

/** Runs each attempt as a pod of a cluster; its steps share an `emptyDir` at `/shared`. */
export function createKubernetesExecutor(options: KubernetesExecutorOptions): Executor {
  const {
    credentials,
    clusterId,
    namespaces,
    instance,
    stopGraceMs,
    policy = defaultPolicy,
    obstaclePatienceMs = usualObstaclePatienceMs,
    silentStartMs = usualSilentStartMs,
    backstopSeconds = usualBackstopSeconds,
    reach = noFaults,
    answerMs,
  } = options;
  const api = new ApiClient(credentials, { ...(answerMs !== undefined && { answerMs }) });
  const drives = new Map<string, AttemptDrive>();
  const context: KubernetesContext = {
    api,
    instance,
    boards: namespaces.map((namespace) => new PodBoard(api, namespace, instance, { eventsKeptMs: silentStartMs })),
    settings: { graceSeconds: Math.max(1, Math.ceil(stopGraceMs / 1000)), backstopSeconds },
    policy,
    obstaclePatienceMs,
    silentStartMs,
    reach,
    drives,
  };

  /** Undefined if it can only be refused, since this worker does not serve its namespace. */
  const driveOf = (spec: AttemptSpec): AttemptDrive | undefined => {
    const board = boardOf(context, spec);
    if (!board) return undefined;
    const name = nameOf(context, spec);
    const known = drives.get(name);
    known?.learn(spec);
    if (known) return known;
    const drive = new AttemptDrive(context, board, spec);
    drives.set(name, drive);
    return drive;
  };

  const forget = (name: string, drive: AttemptDrive): void => {
    if (drives.get(name) === drive) drives.delete(name);
  };

  return {
    kind: 'kubernetes',
    id: `kubernetes:${clusterId}`,
    capabilities: kubernetesCapabilities,
    async ensure(spec, guard, recordStart) {
      guard();
      const drive = driveOf(spec);
      if (!drive) return;
      drive.actUnder(guard, recordStart);
      drive.shared.go().catch(() => undefined); // The observer calls it again and gets the error.
    },
    async observe(spec, onPhase, signal) {
      const drive = driveOf(spec);
      if (!drive) return { reason: 'ConfigError', message: unserved(context.boards, spec.kubernetes?.namespace ?? '') };
      const name = nameOf(context, spec);
      try {
        const outcome = await drive.shared.observe(onPhase, signal);
        forget(name, drive);
        return outcome;
      } finally {
        if (signal.aborted && !drive.shared.isObserved) forget(name, drive);
        for (const board of context.boards) board.notify(name); // A log reader that waits for a pod learns that it is over.
      }
    },
    logs: (spec, from, signal) => readLogs(context, spec, from, signal),
    stop: (key, graceMs, guard) => stopAttempt(context, key, graceMs, guard),
    remove: (key, guard) => removeAttempt(context, key, guard),
    ping: () => askForPods(api, namespaces),
    list: () => listAttempts(context),
    readSecret: (name, spec) => readSecret(context, name, spec),
    close: async () => {
      for (const drive of drives.values()) drive.shared.stop();
      drives.clear();
      for (const board of context.boards) board.close();
      api.close();
    },
  };
}

/** Fails too if the credentials or their rights were taken away meanwhile. */
async function askForPods(api: ApiClient, namespaces: readonly string[]): Promise<void> {
  const query = { limit: '1' };
  await Promise.all(namespaces.map((namespace) => api.call('GET', `/api/v1/namespaces/${namespace}/pods`, { query })));
}
