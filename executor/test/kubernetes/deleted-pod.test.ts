import { expect } from 'chai';
import { mainStep } from '@chainr/core/pipeline/steps';
import type { PodJson } from '../../src/kubernetes/pod/pod-json.js';
import { viewOf } from '../../src/kubernetes/pod/pod-view.js';
import { outcomeOfPod } from '../../src/kubernetes/watch/pod-outcome.js';
import { attemptOf } from '../../suite/place.js';

/** `12:00:SS` of some day. */
const at = (second: number): string => `2026-11-30T12:00:${String(second).padStart(2, '0')}Z`;

/** A pod with a grace of 10 s that has ended, as a cluster of version 1.36 shows it. */
function podOf(exitCode: number, endedAt: number, deletion: NonNullable<PodJson['metadata']> = {}): PodJson {
  return {
    metadata: { name: 'some', uid: 'uid', ...deletion },
    spec: { terminationGracePeriodSeconds: 10, nodeName: 'node1', containers: [] },
    status: {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [
        {
          name: mainStep,
          image: 'busybox',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode, reason: 'Error', startedAt: at(1), finishedAt: at(endedAt) } },
        },
      ],
    },
  };
}

describe('the outcome of a pod that somebody deleted', () => {
  const rows: Record<string, [PodJson, string]> = {
    'ended by the SIGTERM of the deletion': [
      podOf(143, 20, { deletionTimestamp: at(30), deletionGracePeriodSeconds: 10 }),
      'Deleted',
    ],
    'ended by it, and the kubelet has confirmed that at once': [
      podOf(143, 20, { deletionTimestamp: at(21), deletionGracePeriodSeconds: 0 }),
      'Deleted',
    ],
    'ended by it, and the kubelet has confirmed that later, since another container ended later': [
      podOf(143, 20, { deletionTimestamp: at(29), deletionGracePeriodSeconds: 0 }),
      'Deleted',
    ],
    'ended by the SIGKILL of a deletion by force': [
      podOf(137, 22, { deletionTimestamp: at(20), deletionGracePeriodSeconds: 0 }),
      'Deleted',
    ],
    'ended by a signal of its own long before': [
      podOf(137, 5, { deletionTimestamp: at(30), deletionGracePeriodSeconds: 10 }),
      'Signal',
    ],
    'ended by a signal, and not deleted': [podOf(143, 20), 'Signal'],
    'handled SIGTERM': [podOf(7, 20, { deletionTimestamp: at(21), deletionGracePeriodSeconds: 0 }), 'ExitCode'],
    'ended well meanwhile': [podOf(0, 20, { deletionTimestamp: at(21), deletionGracePeriodSeconds: 0 }), 'Completed'],
  };
  for (const [what, [pod, reason]] of Object.entries(rows)) {
    it(`is ${reason} where it ${what}`, () => {
      expect(outcomeOfPod(viewOf(pod), attemptOf('busybox', { run: 'true' }))?.reason).to.equal(reason);
    });
  }
});
