import { expect } from 'chai';
import { Cluster } from '@chainr/testkit/cluster/cluster';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { PodRecorder, statusesOf } from '@chainr/testkit/cluster/pod-recorder';
import type { StandInKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { Subject } from './seen-from-outside.js';

/** Pods, and what tests can do to them. */
export interface PodSubject extends Subject {
  cluster: () => Cluster;
  recorder: () => PodRecorder;
  /** Undefined on a real cluster. */
  standIn?: () => StandInKubernetes;
}

/** Defines tests on a stand-in of a cluster. */
export function describeOnStandIn(title: string, tests: (subject: PodSubject) => void): void {
  describe(`${title}: pods of a stand-in`, () => {
    const pods = usePods(
      () => {
        const standIn = useKubernetes();
        return { standIn, kubeconfig: () => standIn().kubeconfigFile };
      },
      async () => undefined,
    );
    tests({ ...pods, unreached: ['between-steps'] });
  });
}

/** Defines tests on the cluster and in the namespace of KUBECONFIG's current context. */
export function describeOnCluster(title: string, tests: (subject: PodSubject) => void): void {
  describe(`${title}: pods of a cluster`, () => {
    const pods = usePods(
      () => ({ kubeconfig: testKubeconfig }),
      async (cluster, runs) => {
        for (const run of runs) await cluster.removePods(ofRun(run));
      },
    );
    tests(pods);
  });
}

interface UsedCluster {
  kubeconfig: () => string;
  standIn?: () => StandInKubernetes;
}

/**
 * Records all pods of a suite. At its end nothing may have been done twice.
 *
 * @param useCluster may add hooks to the suite
 */
function usePods(
  useCluster: () => UsedCluster,
  cleanUp: (cluster: Cluster, runs: readonly string[]) => Promise<void>,
): PodSubject {
  let cluster: Cluster | undefined;
  let recorder: PodRecorder | undefined;
  // Before the hooks of the cluster: the recorder stops while that is there.
  after(async function () {
    this.timeout(60_000);
    if (!cluster || !recorder) return;
    const { runs } = recorder;
    try {
      await recorder.stop();
      const doubled = runs.flatMap((run) => used(recorder).doubledIn(run));
      expect(doubled, 'what was done twice').to.deep.equal([]);
    } finally {
      await cleanUp(cluster, runs);
    }
  });
  const { kubeconfig, standIn } = useCluster();
  before(async () => {
    cluster = await Cluster.open(kubeconfig());
    recorder = await PodRecorder.start(cluster);
  });
  return {
    kind: 'kubernetes',
    ...(standIn && { standIn }),
    startsAtCreation: true,
    // The kubelet tells of an end a while after the last line, so that both are recorded together, and nothing is adopted.
    unreached: ['between-steps', 'after-finish', 'before-close'],
    env: () => ({ CHAINR_KUBECONFIG: kubeconfig() }),
    ledger: () => '',
    starts: (_home, run) => Promise.resolve(used(recorder).startsOf(run)),
    running: async (_home, run) => {
      const { items } = await used(cluster).list(ofRun(run));
      return items.flatMap((pod) =>
        statusesOf(pod).flatMap(({ name, state }) => (state?.running ? [`${pod.metadata?.name ?? ''} ${name}`] : [])),
      );
    },
    removeAll: (_home, run) => used(cluster).removePods(ofRun(run)),
    cluster: () => used(cluster),
    recorder: () => used(recorder),
  };
}

function used<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('It starts in the first `before` of the suite.');
  return part;
}

const ofRun = (run: string): string => `chainr.dev/run=${run}`;
