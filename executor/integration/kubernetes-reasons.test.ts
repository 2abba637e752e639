import { expect } from 'chai';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { Executor } from '../src/port.js';
import { makeKubernetesPlace, type KubernetesPlace } from '../suite/kubernetes-place.js';
import { endPodOf, kubernetesReasonRows } from '../suite/kubernetes-reason-rows.js';
import { allow, attemptOf, never, runToEnd } from '../suite/place.js';

describe('the reasons of pods, on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  let place: KubernetesPlace | undefined;
  let executor: Executor | undefined;
  // Before the hook of the stand-in: what is in the place is removed while that is there. Nothing is there if it is skipped.
  after(async () => {
    await executor?.close();
    await place?.destroy();
  });
  const cluster = useKubernetes();
  before(async () => {
    place = await makeKubernetesPlace(cluster().kubeconfigFile, { obstaclePatienceMs: 1_000 });
    executor = place.open();
  });
  const opened = () => (place && executor ? { place, executor } : expect.fail('it is opened in the first `before`'));

  for (const row of kubernetesReasonRows) {
    it(row.name, () => row.run(opened().place, opened().executor));
  }

  const endPod = (end: (name: string) => unknown) =>
    endPodOf(opened().place, opened().executor, (_path, name) => end(name));

  it('Preempted: the scheduler made room for a pod of a higher priority', async () => {
    const outcome = await endPod((name) => cluster().preempt('default', name));
    expect(outcome, outcome.message).to.include({ reason: 'Preempted' });
  });

  it('Evicted: the node lacks memory', async () => {
    const outcome = await endPod((name) => cluster().evictForPressure('default', name));
    expect(outcome, outcome.message).to.include({ reason: 'Evicted' });
  });

  it('OutOfMemory: the kernel ended the container', async () => {
    const outcome = await endPod((name) => cluster().killForMemory('default', name, 'main'));
    expect(outcome, outcome.message).to.include({ reason: 'OutOfMemory', exitCode: 137 });
  });

  it('RegistryError: the registry does not answer', async () => {
    const outcome = await runToEnd(opened().executor, attemptOf('registry.invalid/none:1', { run: 'true' }));
    expect(outcome, outcome.message).to.include({ reason: 'RegistryError' });
    expect(outcome.message).to.contain('registry.invalid/none:1').and.contain('no such host');
  });

  it('ConfigError: a webhook refuses the pod, in its own words', async () => {
    cluster().addWebhook({
      name: 'owners.example.com',
      deny: ({ metadata }) => (metadata.labels?.['chainr.dev/job'] === 'refused' ? 'it has no owner' : undefined),
    });
    const spec = { ...attemptOf('busybox', { run: 'true' }), job: 'refused' };
    await opened().executor.ensure(spec, allow);
    const outcome = await opened().executor.observe(spec, () => undefined, never());
    expect(outcome).to.include({ reason: 'ConfigError' });
    expect(outcome.message).to.contain('owners.example.com').and.contain('it has no owner');
  });

  it('NodeLost: the node was removed; while it is only silent, the attempt waits', async () => {
    const { executor: one } = opened();
    let settled = false;
    const outcome = await endPod(async (name) => {
      const pod = () => cluster().store.get('pods', 'default', name);
      const { run, job, attempt } = labelsOf(pod()?.metadata.labels ?? {});
      const early = one.observe(
        { ...attemptOf('busybox', { run: 'true' }), run, job, attempt },
        () => undefined,
        never(),
      );
      void early.then(() => (settled = true));
      cluster().loseNode();
      expect(pod()?.metadata.deletionTimestamp, 'the pod is marked').to.be.a('string');
      expect((await one.list()).filter((found) => found.run === run)).to.deep.equal([
        { run, job, attempt, alive: true },
      ]);
      expect(settled, 'the pod may still run').to.equal(false);
      cluster().removeNode();
      await early;
    });
    cluster().returnNode();
    expect(outcome).to.include({ reason: 'NodeLost' });
    expect(outcome.message).to.contain('node-1').and.contain('node no longer exists');
    expect(outcome).not.to.have.property('exitCode');
  });
});

const labelsOf = (labels: Record<string, string>) => ({
  run: labels['chainr.dev/run'] ?? '',
  job: labels['chainr.dev/job'] ?? '',
  attempt: Number(labels['chainr.dev/attempt']),
});
