import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import type { ExecutorKind } from '@chainr/core/engine/records';
import { parseAddress, type Address } from '@chainr/core/service/address';
import { listenOf, logLevel, redisPassword, redisUrl } from '@chainr/core/service/common-settings';
import { withPassword } from '@chainr/core/service/redis-address';
import { bytes, choice, durationMs, integer, named, text, words } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** The token of gate and the passwords of Redis are settings. No job may name one as its secret. */
function checkPrefix(prefix: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix))
    throw new Error('must be the beginning of an environment variable name, such as CHAINR_SECRET_');
  const meetsSettings = prefix.startsWith('CHAINR_') || 'CHAINR_'.startsWith(prefix);
  if (meetsSettings && !prefix.startsWith('CHAINR_SECRET_')) {
    throw new Error('must not be a prefix of chainr settings; use one such as CHAINR_SECRET_');
  }
}

function checkFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory()) throw new Error(`must be a folder, but ${found ? 'it is not one' : 'it does not exist'}`);
}

/** A single failed renewal must not lose a lease. */
function checkLeases({ leaseTtlMs, renewEveryMs }: { leaseTtlMs?: number; renewEveryMs?: number }): string[] {
  if (leaseTtlMs === undefined || renewEveryMs === undefined || renewEveryMs * 2 < leaseTtlMs) return [];
  const values = `they are ${formatExactDuration(renewEveryMs)} and ${formatExactDuration(leaseTtlMs)}`;
  return [`CHAINR_LEASE_RENEWAL must be shorter than half of CHAINR_LEASE_TTL (${values}).`];
}

/**
 * How long the rest of a log is waited for after the attempt's end, or after some of it came (see Ended is not closed).
 */
const logEndMs = 60_000;

/** Every setting of work. The documentation is printed from this table. */
export const settings = {
  redisUrl,
  redisPassword,
  listen: listenOf('work', '127.0.0.1:8085'),
  logLevel,
  executor: choice(['process', 'docker', 'kubernetes'], {
    env: 'CHAINR_EXECUTOR',
    default: 'process',
    doc: 'How attempts run: `process`, `docker` or `kubernetes`.',
  }),
  pool: named({
    env: 'CHAINR_POOL',
    default: '',
    shown: 'the executor: `process`, `docker` or `kubernetes`',
    doc: 'Pool that this worker serves. All workers of a pool have the same executor.',
  }),
  dockerHost: text({
    env: 'CHAINR_DOCKER_HOST',
    default: '',
    doc: 'Address of the Docker daemon, `unix:///path` or `tcp://host:port`. Default: DOCKER_HOST, or else /var/run/docker.sock.',
  }),
  dockerNetworks: words({
    env: 'CHAINR_DOCKER_NETWORKS',
    default: ['bridge', 'none'],
    doc: 'Networks that jobs may use, separated by commas. `host` gives jobs the full network access of this machine.',
  }),
  kubeconfig: text({
    env: 'CHAINR_KUBECONFIG',
    default: '',
    doc: 'Kubeconfig file of the cluster. Default: KUBECONFIG, or in a pod its service account, or else ~/.kube/config.',
  }),
  namespaces: words({
    env: 'CHAINR_KUBERNETES_NAMESPACES',
    default: [],
    doc: 'Namespaces in which pods may run, separated by commas; jobs that name none run in the first. Default: the namespace of the kubeconfig or of this pod.',
  }),
  dockerHelperImage: text({
    env: 'CHAINR_DOCKER_HELPER_IMAGE',
    default: 'busybox:stable',
    doc: 'Image that chainr runs beside the services of a job, to hold their network and check their ports. It has `sh`, `sleep`, `timeout` and the `nc` of busybox.',
  }),
  kubernetesPolicy: text({
    env: 'CHAINR_KUBERNETES_POLICY',
    default: '',
    doc: 'YAML or JSON file that says what pods may have. Default: any image, and nothing that leads out of the pod.',
  }),
  home: text({
    env: 'CHAINR_HOME',
    default: './.chainr',
    doc: 'Data folder; the process executor keeps its attempts in `process/` below it.',
  }),
  capacity: integer({
    env: 'CHAINR_CAPACITY',
    default: Math.max(4, 2 * availableParallelism()),
    shown: 'max(4, 2 × cores)',
    min: 1,
    max: 10_000,
    doc: 'Maximum number of attempts that this worker runs at once.',
  }),
  leaseTtlMs: durationMs({
    env: 'CHAINR_LEASE_TTL',
    default: 6_000,
    doc: 'How long a lease lasts unless it is renewed.',
  }),
  renewEveryMs: durationMs({
    env: 'CHAINR_LEASE_RENEWAL',
    default: 2_000,
    doc: 'Interval between lease renewals; shorter than half of CHAINR_LEASE_TTL.',
  }),
  leaseSweepMs: durationMs({
    env: 'CHAINR_LEASE_SWEEP',
    default: 1_000,
    doc: 'Interval between searches for leases of dead workers, whose attempts this worker then adopts.',
  }),
  removalGraceMs: durationMs({
    env: 'CHAINR_REMOVAL_GRACE',
    default: 60_000,
    doc: 'How long the containers, volume or folder of an ended attempt are kept.',
  }),
  stopGraceMs: durationMs({
    env: 'CHAINR_STOP_GRACE',
    default: 10_000,
    doc: 'Time between SIGTERM and SIGKILL when an attempt is stopped.',
  }),
  logLimitBytes: bytes({
    env: 'CHAINR_LOG_LIMIT',
    default: 64 * 1024 * 1024,
    min: 1024,
    max: 512 * 1024 * 1024,
    doc: 'Maximum size of the stored log of an attempt. Of a longer log, the beginning and the last MiB (a quarter of the limit if the limit is small) are kept; a mark in between says how much is missing.',
  }),
  secretsDir: text(
    {
      env: 'CHAINR_SECRETS_DIR',
      default: '',
      doc: 'Folder with one file for each secret that jobs may use. Default: none.',
    },
    checkFolder,
  ),
  secretsEnv: text(
    {
      env: 'CHAINR_SECRETS_ENV',
      default: '',
      doc: 'Prefix such as `CHAINR_SECRET_`: every variable of this worker that begins with it is a secret that jobs may use (`db-password` is CHAINR_SECRET_DB_PASSWORD). Default: none.',
    },
    checkPrefix,
  ),
} satisfies Record<string, Setting<unknown>>;

export interface WorkConfig {
  readonly redisUrl: string;
  readonly listen: Address;
  readonly logLevel: string;
  readonly executor: ExecutorKind;
  /** Empty: the one with the name of its executor's kind. */
  readonly pool: string;
  readonly home: string;
  /** Empty: finds its daemon like the docker command. */
  readonly dockerHost: string;
  readonly dockerNetworks: readonly string[];
  /** Empty: finds its cluster like kubectl. */
  readonly kubeconfig: string;
  /** Empty: the one of the kubeconfig or of this pod. */
  readonly namespaces: readonly string[];
  /** Empty: the default policy. */
  readonly kubernetesPolicy: string;
  /** Used only for jobs with services. */
  readonly dockerHelperImage: string;
  readonly capacity: number;
  readonly leaseTtlMs: number;
  readonly renewEveryMs: number;
  readonly leaseSweepMs: number;
  readonly removalGraceMs: number;
  readonly stopGraceMs: number;
  readonly logLimitBytes: number;
  /** How long the end of a log may make no progress before it is cut. Not a setting. */
  readonly logEndMs: number;
  /** Empty: no secrets from files. */
  readonly secretsDir: string;
  /** Empty: no secrets from variables. */
  readonly secretsEnv: string;
  /** The variables with that prefix. A Map, so that logging it by mistake shows none of them. */
  readonly secretVariables: ReadonlyMap<string, string>;
  /**
   * Whether all leases of this executor in its pool are known to have lost their owner, so that they are adopted at the start. Only
   * the process that locked the data folder knows that (`chainr up`).
   */
  readonly alone: boolean;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): WorkConfig {
  const secretVariables = variablesOf(env[settings.secretsEnv.env] ?? '', env);
  // A secret's name may resemble that of a setting.
  const own = new Set<string>(Object.values(settings).map((setting) => setting.env));
  const others = Object.fromEntries(
    Object.entries(env).filter(([name]) => own.has(name) || !secretVariables.has(name)),
  );
  const { listen, executor, redisPassword: password, ...values } = readSettings(settings, others, checkLeases);
  const address = withPassword(values.redisUrl, password);
  return {
    ...values,
    redisUrl: address,
    listen: parseAddress(listen),
    executor,
    logEndMs,
    secretVariables,
    alone: false,
  };
}

function variablesOf(prefix: string, env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  if (prefix === '') return new Map();
  const found = Object.entries(env).filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value = '']) => [name, value]));
}
