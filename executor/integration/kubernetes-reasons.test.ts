import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { Executor } from '../src/port.js';
import { kubernetesReasonRows } from '../suite/kubernetes-reason-rows.js';
import { allow, attemptOf, never, untilExecuting } from '../suite/place.js';
import { makeKubernetesPlace, type KubernetesPlace } from './kubernetes-place.js';

describe('the reasons of pods, on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  let folder = '';
  let place: KubernetesPlace;
  let executor: Executor;
  // Before the hook of the stand-in: what is in the place is removed while that is there.
  after(async () => {
    await executor.close();
    await place.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  const cluster = useKubernetes();
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-kubeconfig-'));
    await writeFile(path.join(folder, 'config'), cluster().kubeconfig);
    place = await makeKubernetesPlace(path.join(folder, 'config'), { obstaclePatienceMs: 1_000 });
    executor = place.open();
  });

  for (const row of kubernetesReasonRows) it(row.name, () => row.run(place, executor));

  async function disturb(how: (name: string) => void) {
    const spec = attemptOf('busybox', { run: 'trap "exit 143" TERM; sleep 300 & wait $!' });
    await executor.ensure(spec, allow);
    await untilExecuting(executor, spec);
    const pod = cluster()
      .store.list('pods')
      .find(({ metadata }) => metadata.labels?.['chainr.dev/run'] === spec.run);
    how(pod?.metadata.name ?? '');
    return executor.observe(spec, () => undefined, never());
  }

  it('Preempted: the scheduler made room for a pod of a higher priority', async () => {
    const outcome = await disturb((name) => {
      cluster().preempt('default', name);
    });
    expect(outcome, outcome.message).to.include({ reason: 'Preempted' });
  });

  it('Evicted: the node lacks memory', async () => {
    const outcome = await disturb((name) => {
      cluster().evictForPressure('default', name);
    });
    expect(outcome, outcome.message).to.include({ reason: 'Evicted' });
  });

  it('OutOfMemory: the kernel ended the container', async () => {
    const outcome = await disturb((name) => {
      cluster().killForMemory('default', name, 'main');
    });
    expect(outcome, outcome.message).to.include({ reason: 'OutOfMemory', exitCode: 137 });
  });

  it('ConfigError: a webhook refuses the pod, in its own words', async () => {
    cluster().addWebhook({
      name: 'owners.example.com',
      deny: ({ metadata }) => (metadata.labels?.['chainr.dev/job'] === 'refused' ? 'it has no owner' : undefined),
    });
    const spec = { ...attemptOf('busybox', { run: 'true' }), job: 'refused' };
    await executor.ensure(spec, allow);
    const outcome = await executor.observe(spec, () => undefined, never());
    expect(outcome).to.include({ reason: 'ConfigError' });
    expect(outcome.message).to.contain('owners.example.com').and.contain('it has no owner');
  });
});
