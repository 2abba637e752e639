import { expect } from 'chai';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { readPolicy } from '../src/kubernetes/policy/read-policy.js';
import { allow, attemptOf, runToEnd } from '../suite/place.js';
import { makeKubernetesPlace } from '../suite/kubernetes-place.js';
import { secretRows } from '../suite/kubernetes-secret-rows.js';

describe('secrets on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  const cluster = useKubernetes();

  secretRows(() => makeKubernetesPlace(cluster().kubeconfigFile));

  it('cost one write more, and only where the worker gives a value', async () => {
    const place = await makeKubernetesPlace(cluster().kubeconfigFile);
    const executor = place.open();
    const writes = () => {
      const all = [...cluster().requests].filter(([what]) => /^(create|delete|patch|update) /.test(what));
      return all.reduce((sum, [, count]) => sum + count, 0);
    };
    const costOf = async (secretNames: string[]) => {
      const first = writes();
      const spec = attemptOf('busybox', { run: 'true', env: { A: 'value' }, secretNames });
      await runToEnd(executor, spec);
      await executor.remove(spec, allow);
      return writes() - first;
    };
    const plain = await costOf([]);
    expect(await costOf(['A'])).to.equal(plain + 1);
    await executor.close();
    await place.destroy();
  });

  it('end the attempt with a sentence where the worker may not create or get a Secret', async () => {
    const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
    const rules = [
      { apiGroups: [''], resources: ['pods', 'pods/log'], verbs },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
    ];
    const admin = await makeKubernetesPlace(cluster().kubeconfigFile);
    const place = await makeKubernetesPlace(cluster().writeKubeconfig(cluster().addUser('worker', rules)));
    const executor = place.open({ policy: readPolicy('secrets: { fromSecret: others }') });
    const spec = attemptOf('busybox', { run: 'true', env: { A: 'value' }, secretNames: ['A'] });
    const outcome = await runToEnd(executor, spec);
    expect(outcome.reason).to.equal('ConfigError');
    expect(outcome.message).to.equal(
      'The worker (worker) has no right to create secrets in the namespace default: add it to its Role.',
    );
    expect(await executor.readSecret?.('x', spec)).to.deep.equal({
      refusal:
        'cannot be read: the worker has no right to get the Secret others in namespace default; add it to its Role',
    });
    await executor.remove(spec, allow);
    await executor.close();
    await place.destroy();
    await admin.destroy();
  });
});
