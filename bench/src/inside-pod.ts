import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StandInKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';

export interface PodLike {
  env: NodeJS.ProcessEnv;
  /** Words of a command that replaces itself by the one behind it. */
  within: readonly string[];
  remove(): Promise<void>;
}

/** The command sees this folder as the one of its service account, and its own empty /run. Needs root. */
const enter = 'mount -t tmpfs none /run && mkdir -p "$1" && mount --bind "$2" "$1" && shift 2 && exec "$@"';
const serviceAccount = '/run/secrets/kubernetes.io/serviceaccount';

/** Lets a process find a secure stand-in of Kubernetes as it would from inside of a pod: by its service account. */
export async function insidePod({ url, certificate = '', token }: StandInKubernetes): Promise<PodLike> {
  const account = await mkdtemp(path.join(tmpdir(), 'chainr-account-'));
  await writeFile(path.join(account, 'ca.crt'), certificate);
  await writeFile(path.join(account, 'token'), token);
  await writeFile(path.join(account, 'namespace'), 'default');
  const { hostname, port } = new URL(url);
  return {
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    within: ['unshare', '--mount', 'sh', '-c', enter, 'sh', serviceAccount, account],
    remove: () => rm(account, { recursive: true, force: true }),
  };
}
