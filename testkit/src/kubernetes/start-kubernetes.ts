/**
 * The stand-in of a Kubernetes cluster: one HTTP server that behaves as the API server, the scheduler and the kubelet of
 * one node do towards a client that runs pods. The commands of containers really run, as processes with namespaces of
 * their own, so that `sh`, exit codes, signals, volumes and logs are real.
 *
 * - `api/`: requests, answers, refusals, and what tests can make go wrong
 * - `store/`: objects with resource versions, selectors, patches
 * - `pods/`: what the API server fills in and checks of a pod
 * - `admission/`: what may refuse a pod: quotas, Pod Security, webhooks
 * - `schema/`: the schemas of Kubernetes' objects
 * - `control/`: what tests can let happen to pods
 * - `node/`: the scheduler and the kubelet: containers, volumes, logs, statuses, events
 *
 * It needs Linux and root, or user namespaces; without root all containers run as root of such a namespace.
 *
 * What differs from a cluster: all images have the programs of this machine, and pods share its network, so that
 * `localhost` is the same for all. Unknown fields are always refused, as with `fieldValidation=Strict`. Memory limits are
 * not enforced. Times are shorter: there is no pause between syncs of the kubelet, and images are pulled at once. Objects
 * are measured as JSON when they are too large to store. What would let containers run otherwise and is not modelled is
 * refused with 501 (`admission/refuse-unmodelled.ts`). These fields of a pod are accepted and have no effect:
 * `affinity`, `tolerations`, `topologySpreadConstraints`, `schedulerName`, `runtimeClassName`, `overhead`, `os`,
 * `imagePullSecrets`, `hostAliases`, `hostname`, `subdomain`, `dnsPolicy`, `dnsConfig`, `hostNetwork`, `hostPID`,
 * `hostIPC`, `hostUsers`, `enableServiceLinks`, and of a security context all but users, groups and
 * `readOnlyRootFilesystem`.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Webhook } from './admission/admit-pod.js';
import { followQuotas } from './admission/quota.js';
import { everything, Tokens, type Rule } from './api/authorize.js';
import { startApiServer } from './api/api-server.js';
import { expire, Faults, refuseWith, type FaultTarget } from './api/faults.js';
import { createHandler } from './api/handle-request.js';
import { makeCertificate } from './api/make-certificate.js';
import type { OpenWatch } from './api/watch-objects.js';
import { createPodControls, type PodControls } from './control/disturb-pods.js';
import { usualImages, type Images } from './node/images.js';
import { prepareMachine } from './node/machine.js';
import { Node } from './node/node.js';
import { OutputPipes } from './node/output-pipes.js';
import type { NodeSettings } from './node/context.js';
import { collectGarbage } from './store/collect-garbage.js';
import { ObjectStore } from './store/object-store.js';

export interface StandInOptions {
  /** Besides `default` and `kube-system`. */
  namespaces?: readonly string[];
  /** Besides busybox, alpine and node. */
  images?: Images;
  node?: Partial<NodeSettings>;
  /** Whether it speaks TLS, and HTTP/2 to clients that want it. */
  isSecure?: boolean;
}

export interface StandInKubernetes extends PodControls {
  readonly url: string;
  /** In PEM; undefined if it does not speak TLS. */
  readonly certificate: string | undefined;
  /** The token of a user who may do everything. */
  readonly token: string;
  /** The path of a kubeconfig with that token and the namespace `default`; it goes with the stand-in. */
  readonly kubeconfigFile: string;
  /** Writes a kubeconfig for another token. Returns its path. */
  writeKubeconfig(token: string): string;
  /** The folder of its containers; their processes have it in their command lines. */
  readonly folder: string;
  /** All objects, to look at and to create without a request. */
  readonly store: ObjectStore;
  /** How often each `verb resource` was asked, such as `create pods`, `get pods/log`. */
  readonly requests: ReadonlyMap<string, number>;
  /** Lets the next requests that match fail with a status. */
  refuse(target: FaultTarget, code: number, retryAfterSeconds?: number): void;
  /** Lets the next requests that match wait for an answer until the server is restarted. */
  hang(target: FaultTarget): void;
  /** Lets the next watches get 410, as the status of the answer or as an event. */
  expireWatches(form: 'status' | 'event', times?: number): void;
  /** Ends the connections of all watches, without a word. */
  cutWatches(): void;
  /** Ends the answers of all requests for logs in order, as a restart of the kubelet does. */
  endLogs(): void;
  /** Sends a bookmark to all watches that want bookmarks. */
  sendBookmarks(): void;
  /** Forgets the history: a watch from an older version gets 410. */
  compact(): void;
  /** Adds a user who may do only what the rules say. Returns the token. */
  addUser(name: string, rules: readonly Rule[]): string;
  revokeToken(token: string): void;
  /** Creates a Secret; its values are plain texts. */
  createSecret(namespace: string, name: string, values: Record<string, string>): void;
  createConfigMap(namespace: string, name: string, values: Record<string, string>): void;
  createNamespace(name: string, labels?: Record<string, string>): void;
  /** Adds a webhook that may refuse new pods. */
  addWebhook(webhook: Webhook): void;
  /** Ends the API server as a restart of it does: containers run on. */
  stopServer(): Promise<void>;
  /** Starts it again, at the same address. */
  startServer(): Promise<void>;
  /** Ends everything and leaves nothing behind. */
  stop(): Promise<void>;
}

const usualSettings: NodeSettings = {
  name: 'node-1',
  labels: { 'kubernetes.io/os': 'linux' },
  cpu: 8,
  memory: 16 * 2 ** 30,
  pods: 1_000,
  retryMs: 500,
  logFileBytes: 10 * 2 ** 20,
  logRotationMs: 10_000,
  deletedLogsMs: 3_000,
};

/** Starts a cluster of its own; takes some 30 ms. Ask `whyNoContainers` first whether it can run here. */
export async function startKubernetes(options: StandInOptions = {}): Promise<StandInKubernetes> {
  const certificate = options.isSecure ? await makeCertificate() : undefined;
  const store = new ObjectStore();
  const machine = await prepareMachine();
  const given = { ...usualSettings, ...options.node };
  const settings = { ...given, labels: { 'kubernetes.io/hostname': given.name, ...given.labels } };
  const images = { ...usualImages, ...options.images };
  const node = new Node({ store, machine, pipes: new OutputPipes(machine.folder), images, settings });
  const tokens = new Tokens();
  const faults = new Faults();
  const watches = new Set<OpenWatch>();
  const webhooks: Webhook[] = [];
  const controllers = [collectGarbage(store), followQuotas(store)];
  const server = await startApiServer(tokens, faults, createHandler({ store, node, watches, webhooks }), certificate);
  const url = `${certificate ? 'https' : 'http'}://127.0.0.1:${server.port}`;
  let users = 0;
  const addUser = (name: string, rules: readonly Rule[]): string => {
    users += 1;
    const token = `stand-in-token-${users}`;
    tokens.add(token, name, rules);
    return token;
  };
  const token = addUser('kubernetes-admin', [everything]);
  const createNamespace = (name: string, labels: Record<string, string> = {}): void => {
    const metadata = { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } };
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
    store.create('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: name },
    });
  };
  for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])]) createNamespace(name);
  store.create('nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: settings.name, labels: { ...settings.labels } },
  });
  const writeKubeconfig = (userToken: string): string => {
    const file = path.join(machine.folder, `kubeconfig-${userToken}`);
    writeFileSync(file, kubeconfigOf(url, userToken));
    return file;
  };
  return {
    ...createPodControls(store, node),
    url,
    certificate: certificate?.cert,
    token,
    kubeconfigFile: writeKubeconfig(token),
    writeKubeconfig,
    folder: machine.folder,
    store,
    requests: faults.counts,
    refuse: (target, code, seconds) => faults.add(target, refuseWith(code, seconds)),
    hang: (target) => faults.add(target, () => undefined),
    expireWatches: (form, times = 1) => faults.add({ verb: 'watch', times }, expire(form)),
    endLogs: () => node.logReaders.forEach((reader) => reader.abort()),
    cutWatches: () => watches.forEach((watch) => watch.cut()),
    sendBookmarks: () => watches.forEach((watch) => watch.bookmark()),
    compact: () => store.compact(),
    addUser,
    revokeToken: (revoked) => tokens.revoke(revoked),
    createSecret: (namespace, name, values) => {
      const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
      const data = Object.fromEntries(encoded) as Record<string, string>;
      store.create('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data });
    },
    createConfigMap: (namespace, name, data) => {
      store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
    },
    createNamespace,
    addWebhook: (webhook) => webhooks.push(webhook),
    stopServer: () => server.stop(),
    startServer: () => server.start(),
    stop: async () => {
      await server.stop();
      await node.stop();
      for (const end of controllers) end();
      await machine.remove();
    },
  };
}

function kubeconfigOf(server: string, token: string): string {
  const name = 'stand-in';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  });
}
