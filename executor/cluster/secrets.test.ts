import { expect } from 'chai';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { unlessStatus } from '../src/kubernetes/api/api-error.js';
import { podName } from '../src/kubernetes/names.js';
import { untilFound } from '@chainr/testkit/until-found';
import { makeKubernetesPlace } from '../suite/kubernetes-place.js';
import { secretRows } from '../suite/kubernetes-secret-rows.js';
import { allow, attemptOf, runToEnd, withExecutor } from '../suite/place.js';

describe('secrets on a Kubernetes cluster', function () {
  this.timeout(300_000);
  const makePlace = () => makeKubernetesPlace(testKubeconfig());

  secretRows(makePlace);

  it('vanish with the pod of their attempt', async () => {
    const place = await makePlace();
    await withExecutor(place, async (executor) => {
      const spec = attemptOf('busybox', { run: 'true', env: { A: 'value' }, secretNames: ['A'] });
      await runToEnd(executor, spec);
      const path = `${place.pods.replace(/pods$/, 'secrets')}/${podName(place.instance, spec)}`;
      expect(await place.api.call('GET', path)).to.be.an('object');
      await executor.remove(spec, allow);
      await untilFound(
        'the end of the Secret',
        async () => (await unlessStatus([404], place.api.call('GET', path))) === undefined,
      );
    });
    await place.destroy();
  });
});
