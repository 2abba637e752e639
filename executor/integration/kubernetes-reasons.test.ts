import { expect } from 'chai';
import { endPodOf, kubernetesReasonRows } from '../suite/kubernetes-reason-rows.js';
import { allow, attemptOf, never, runToEnd } from '../suite/place.js';
import { useKubernetesPlace } from './use-kubernetes-place.js';

describe('the reasons of pods, on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  const { cluster, place, executor } = useKubernetesPlace({ obstaclePatienceMs: 1_000 });

  for (const row of kubernetesReasonRows) {
    it(row.name, () => row.run(place(), executor()));
  }

  const endPod = (end: (name: string) => unknown) => endPodOf(place(), executor(), (_path, name) => end(name));

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
    const outcome = await runToEnd(executor(), attemptOf('registry.invalid/none:1', { run: 'true' }));
    expect(outcome, outcome.message).to.include({ reason: 'RegistryError' });
    expect(outcome.message).to.contain('registry.invalid/none:1').and.contain('no such host');
  });

  it('ConfigError: a webhook refuses the pod, in its own words', async () => {
    cluster().addWebhook({
      name: 'owners.example.com',
      deny: ({ metadata }) => (metadata.labels?.['chainr.dev/job'] === 'refused' ? 'it has no owner' : undefined),
    });
    const spec = { ...attemptOf('busybox', { run: 'true' }), job: 'refused' };
    await executor().ensure(spec, allow);
    const outcome = await executor().observe(spec, () => undefined, never());
    expect(outcome).to.include({ reason: 'ConfigError' });
    expect(outcome.message).to.contain('owners.example.com').and.contain('it has no owner');
  });

  it('NodeLost: the node was removed; while it is only silent, the attempt waits', async () => {
    const one = executor();
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
