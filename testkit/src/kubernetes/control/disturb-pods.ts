import { beginDeletion } from '../api/delete-object.js';
import { disrupt } from '../api/evict-pod.js';
import { resourceOf } from '../api/resources.js';
import type { Node } from '../node/node.js';
import { recordEvent } from '../node/record-event.js';
import type { Pod } from '../objects.js';
import { now, type ObjectStore } from '../store/object-store.js';

/** What can happen to pods in a cluster, done by a test. All pods are named by their namespace and name. */
export interface PodControls {
  /** Deletes a pod as somebody does by hand; with a grace of 0 by force. */
  deletePod(namespace: string, name: string, gracePeriodSeconds?: number): void;
  /** Takes all finalizers off. */
  stripFinalizers(namespace: string, name: string): void;
  /** Ends a container as the kernel does when it uses too much memory. */
  killForMemory(namespace: string, name: string, container: string): void;
  /** Lets the node end a pod because it lacks memory itself. */
  evictForPressure(namespace: string, name: string): void;
  /** Lets the scheduler end a pod for another one of higher priority. */
  preempt(namespace: string, name: string): void;
  /**
   * Lets the node fall silent: its pods run on, but nothing of them is told, and their logs cannot be read. They are
   * marked for deletion as the taint of such a node does, without the wait of five minutes.
   */
  loseNode(): void;
  /**
   * Takes a lost node out of the cluster: its containers are gone, and the garbage collector of pods ends what is left
   * of them.
   */
  removeNode(): void;
  /** Lets a lost node speak again, or a new one take its place. */
  returnNode(): void;
}

export function createPodControls(store: ObjectStore, node: Node): PodControls {
  const pods = resourceOf('pods');
  const find = (namespace: string, name: string): Pod => {
    const pod = store.get('pods', namespace, name);
    if (!pod) throw new Error(`there is no pod ${namespace}/${name}`);
    return pod;
  };
  const setReady = (status: 'True' | 'Unknown', reason: string, message: string): void => {
    for (const object of store.list('nodes')) {
      store.update('nodes', object, (draft) => {
        draft.status = { conditions: [{ type: 'Ready', status, reason, message, lastTransitionTime: now() }] };
      });
    }
  };
  return {
    deletePod: (namespace, name, gracePeriodSeconds) => {
      const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      beginDeletion(store, pods, find(namespace, name), options);
    },
    stripFinalizers: (namespace, name) => {
      store.update('pods', find(namespace, name), ({ metadata }) => {
        delete metadata.finalizers;
      });
    },
    killForMemory: (namespace, name, container) => {
      const run = node.workerOf(find(namespace, name))?.runs.find(({ spec }) => spec.name === container);
      if (!run?.isRunning) throw new Error(`the container ${container} of ${namespace}/${name} does not run`);
      run.kill('SIGKILL', 'OOMKilled');
    },
    evictForPressure: (namespace, name) => {
      const pod = find(namespace, name);
      const names = pod.spec.containers.map((each) => each.name);
      const uses = names.map(
        (each) => `Container ${each} was using 900Mi, request is 0, has larger consumption of memory. `,
      );
      const message = `The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ${uses.join('')}`;
      recordEvent(store, pod, { type: 'Warning', reason: 'Evicted', message, component: 'kubelet' });
      disrupt(store, pod, 'TerminationByKubelet', message);
      node.workerOf(pod)?.stop(0, { reason: 'Evicted', message });
    },
    preempt: (namespace, name) => {
      const pod = find(namespace, name);
      const message = `Preempted by pod 00000000-0000-4000-8000-000000000000 on node ${pod.spec.nodeName ?? ''}`;
      recordEvent(store, pod, { type: 'Normal', reason: 'Preempted', message, component: 'default-scheduler' });
      const why = 'default-scheduler: preempting to accommodate a higher priority pod';
      beginDeletion(store, pods, disrupt(store, pod, 'PreemptionByScheduler', why));
    },
    loseNode: () => {
      node.isSilent = true;
      setReady('Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.');
      for (const pod of store.list('pods')) {
        if (pod.spec.nodeName === undefined || ['Succeeded', 'Failed'].includes(pod.status.phase)) continue;
        const { namespace = '', name } = pod.metadata;
        const message = `Marking for deletion Pod ${namespace}/${name}`;
        recordEvent(store, pod, {
          type: 'Normal',
          reason: 'TaintManagerEviction',
          message,
          component: 'taint-eviction-controller',
        });
        const why = 'Taint manager: deleting due to NoExecute taint';
        beginDeletion(store, pods, disrupt(store, pod, 'DeletionByTaintManager', why));
      }
    },
    removeNode: () => {
      node.drop();
      for (const pod of store.list('pods')) {
        if (pod.spec.nodeName === undefined || ['Succeeded', 'Failed'].includes(pod.status.phase)) continue;
        const marked = disrupt(store, pod, 'DeletionByPodGC', 'PodGC: node no longer exists');
        const failed = store.update('pods', marked, ({ status }) => {
          status.phase = 'Failed';
        });
        beginDeletion(store, pods, failed ?? marked, { gracePeriodSeconds: 0 });
      }
    },
    returnNode: () => {
      node.isSilent = false;
      setReady('True', 'KubeletReady', 'kubelet is posting ready status');
    },
  };
}
