import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { makeKubernetesPlace, type KubernetesPlace } from '../suite/kubernetes-place.js';
import type { Executor } from '../src/port.js';
import { kubernetesReasonRows } from '../suite/kubernetes-reason-rows.js';
import { allow, attemptOf, never } from '../suite/place.js';

describe('the reasons of pods, on a cluster', function () {
  this.timeout(180_000);
  let place: KubernetesPlace;
  let executor: Executor;
  before(async () => {
    place = await makeKubernetesPlace(testKubeconfig(), { obstaclePatienceMs: 3_000 });
    executor = place.open();
  });
  after(async () => {
    await executor.close();
    await place.destroy();
  });

  for (const row of kubernetesReasonRows) it(row.name, () => row.run(place, executor));

  it('OutOfMemory: a step exceeded its limit', async () => {
    const step = { run: 'tail /dev/zero', resources: { limits: { memory: '16Mi' } } };
    const spec = attemptOf('busybox', step);
    await executor.ensure(spec, allow);
    const outcome = await executor.observe(spec, () => undefined, never());
    expect(outcome, outcome.message).to.include({ reason: 'OutOfMemory', exitCode: 137 });
  });
});
