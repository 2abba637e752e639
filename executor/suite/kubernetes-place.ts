import { randomUUID } from 'node:crypto';
import { Cluster } from '@chainr/testkit/cluster/cluster';
import { ApiClient } from '../src/kubernetes/api/api-client.js';
import { findCredentials } from '../src/kubernetes/api/credentials.js';
import {
  createKubernetesExecutor,
  type KubernetesExecutorOptions,
} from '../src/kubernetes/create-kubernetes-executor.js';
import { findCluster } from '../src/kubernetes/find-cluster.js';
import { selectorOf } from '../src/kubernetes/names.js';
import type { AttemptKey, Executor } from '../src/port.js';
import { allow, type Place } from './place.js';

export interface KubernetesPlace extends Place {
  readonly instance: string;
  readonly api: ApiClient;
  /** The path of the pods of its namespace. */
  readonly pods: string;
  open(options?: Partial<KubernetesExecutorOptions>): Executor;
  vanish(key: AttemptKey): Promise<void>;
}

/**
 * One instance in one namespace of the cluster that a kubeconfig names; at the end all of its pods are removed.
 * @param kubeconfig path of the file
 */
export async function makeKubernetesPlace(
  kubeconfig: string,
  options: Partial<KubernetesExecutorOptions> = {},
): Promise<KubernetesPlace> {
  const credentials = await findCredentials(kubeconfig, process.env);
  const namespace = options.namespaces?.[0] ?? credentials.namespace;
  const cluster = await findCluster(credentials, [namespace]);
  if ('absent' in cluster) throw new Error(cluster.absent);
  const instance = randomUUID();
  const api = new ApiClient(credentials);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const open = (more: Partial<KubernetesExecutorOptions> = {}): Executor =>
    createKubernetesExecutor({
      credentials,
      clusterId: cluster.id,
      namespaces: [namespace],
      instance: () => instance,
      stopGraceMs: 20_000,
      ...options,
      ...more,
    });
  return {
    instance,
    api,
    pods,
    open,
    vanish: async ({ run }) => {
      const others = await Cluster.open(kubeconfig, namespace);
      await others.removePods(`${selectorOf(instance)},chainr.dev/run=${run}`);
    },
    destroy: async () => {
      const executor = open();
      const found = await executor.list();
      await Promise.all(
        found.map(async (each) => {
          if (each.alive) await executor.stop(each, 0, allow);
          await executor.remove(each, allow);
        }),
      );
      await executor.close();
      api.close();
    },
  };
}
