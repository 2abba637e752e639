import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Agent, RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { within } from '@chainr/core/async/within';
import { NoAnswer } from './api-error.js';

/** What a request needs besides its address. `tls` stays the same object as long as nothing of it changes. */
export interface Access {
  headers: Readonly<Record<string, string>>;
  tls: Tls;
}

export interface Tls extends Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername' | 'rejectUnauthorized'
> {
  /** Replaces the usual agent: the way through a proxy. */
  agent?: Agent;
}

/** How to reach a cluster and who asks. */
export interface Credentials {
  readonly server: URL;
  /** The namespace of the context or of this pod; `default` if neither names one. */
  readonly namespace: string;
  /** Where they come from, for messages. */
  readonly source: string;
  /**
   * Read again after a while, since tokens and certificates are replaced while a process runs.
   * @throws NoAnswer if they cannot be read, or not in time: a plugin or a provider of tokens may hang
   */
  access(): Promise<Access>;
  /** The API server did not accept what `access` gave: it is read again at the next call. */
  forget(): void;
}

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface CredentialLimits {
  /** Kubelets replace tokens long before they expire; files are cheap to read. */
  keptMs: number;
  /** How long a plugin or a provider of tokens may take. */
  readMs: number;
}

const usualLimits: CredentialLimits = { keptMs: 30_000, readMs: 60_000 };

/**
 * Inside of a pod its service account, else the file of a user: `kubeconfig`, KUBECONFIG, ~/.kube/config.
 * @param kubeconfig path of a kubeconfig file; empty: as above
 * @throws a sentence if there are none
 */
export async function findCredentials(
  kubeconfig: string,
  env: NodeJS.ProcessEnv,
  limits: Partial<CredentialLimits> = {},
): Promise<Credentials> {
  const both = { ...usualLimits, ...limits };
  if (
    kubeconfig === '' &&
    !env['KUBECONFIG'] &&
    env['KUBERNETES_SERVICE_HOST'] &&
    existsSync(`${serviceAccount}/token`)
  ) {
    return inCluster(env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT'] ?? '443', both);
  }
  return fromKubeconfig(kubeconfig, env, both);
}

/** The library would cost each worker in a cluster 70 MB, and three files are all that it reads there (ADR 29). */
function inCluster(host: string, port: string, limits: CredentialLimits): Credentials {
  const namespace = readFileSync(path.join(serviceAccount, 'namespace'), 'utf8').trim();
  const source = 'the service account of this pod';
  const kept = keep(source, limits, async () => {
    const [ca, token] = await Promise.all([
      readFile(path.join(serviceAccount, 'ca.crt'), 'utf8'),
      readFile(path.join(serviceAccount, 'token'), 'utf8'),
    ]);
    return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
  });
  const name = isIPv6(host) ? `[${host}]` : host;
  return { server: new URL(`https://${name}:${port}`), namespace, source, ...kept };
}

/** Everything that kubectl understands: certificates, tokens, exec plugins, OIDC, proxies. */
async function fromKubeconfig(file: string, env: NodeJS.ProcessEnv, limits: CredentialLimits): Promise<Credentials> {
  const source = file !== '' ? file : (env['KUBECONFIG'] ?? path.join(homedir(), '.kube', 'config'));
  if (!source.split(path.delimiter).some((each) => existsSync(each))) {
    throw new Error(`There is no kubeconfig ${source}: set CHAINR_KUBECONFIG or KUBECONFIG to the file of a cluster.`);
  }
  const { KubeConfig } = await import('@kubernetes/client-node');
  let config = new KubeConfig();
  const load = (): void => {
    if (file === '') config.loadFromDefault();
    else config.loadFromFile(file);
  };
  try {
    load();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The kubeconfig ${source} cannot be read: ${why}.`, { cause: error });
  }
  const context = config.getCurrentContext();
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new Error(`There is no current context in ${source}: choose one with kubectl config use-context.`);
  }
  const namespace = config.getContextObject(context)?.namespace ?? 'default';
  const kept = keep(source, limits, async (isRefused) => {
    // What plugins have given is kept in the object as long as they say.
    if (isRefused) config = new KubeConfig();
    load();
    // Another context may have been chosen for others meanwhile.
    config.setCurrentContext(context);
    const cluster = config.getCurrentCluster();
    if (cluster?.server !== server) {
      throw new Error(`its context ${context} no longer leads to ${server}: restart the worker to use another cluster`);
    }
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized, auth, agent } = options;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value);
    if (auth) headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
    const given = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
    const tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Tls;
    return { headers, tls: cluster.proxyUrl ? { ...tls, agent: agent as Agent } : tls };
  });
  return { server: new URL(server), namespace, source, ...kept };
}

/**
 * Reads again after `keptMs` or when forgotten, and gives the same `tls` as long as it is equal.
 * @param read is told whether the API server did not accept what it gave last
 */
function keep(
  source: string,
  { keptMs, readMs }: CredentialLimits,
  read: (isRefused: boolean) => Promise<Access>,
): Pick<Credentials, 'access' | 'forget'> {
  let last: { access: Access; fingerprint: string } | undefined;
  let reading: Promise<Access> | undefined;
  let readAt = 0;
  let isRefused = false;
  const late = (): never => {
    throw new Error(`nothing came for ${String(readMs / 1000)} s`);
  };
  const readAnew = async (): Promise<Access> => {
    const wasRefused = isRefused;
    isRefused = false;
    try {
      const access = await within(readMs, read(wasRefused), late);
      const fingerprint = JSON.stringify(access.tls, (name, value: unknown) => (name === 'agent' ? 'agent' : value));
      last = { access: last?.fingerprint === fingerprint ? { ...access, tls: last.access.tls } : access, fingerprint };
      readAt = performance.now();
      return last.access;
    } catch (cause) {
      isRefused ||= wasRefused;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new NoAnswer(`the credentials of ${source} cannot be had: ${why}`, { cause, isUnsent: true });
    }
  };
  return {
    access: async () => {
      if (last && !isRefused && performance.now() - readAt < keptMs) return last.access;
      reading ??= readAnew().finally(() => (reading = undefined));
      return reading;
    },
    forget: () => {
      isRefused = true;
    },
  };
}
