import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { readPolicy } from '../src/kubernetes/policy/read-policy.js';
import type { PhaseChange } from '../src/port.js';
import { makeKubernetesPlace } from '../suite/kubernetes-place.js';
import { allow, attemptOf, never, runToEnd } from '../suite/place.js';
import { useKubernetesPlace } from './use-kubernetes-place.js';

describe('what is kept of a pod, on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  const { cluster, place, executor: opened } = useKubernetesPlace({ obstaclePatienceMs: 500, silentStartMs: 200 });

  it('names the pod, its node and its containers; events are not read after a success', async () => {
    const before = cluster().requests.get('list events');
    const spec = attemptOf('busybox', { run: 'exit 3', continueOnError: true }, { run: 'true' });
    const { reason, runtime } = await runToEnd(opened(), spec);
    expect(reason).to.equal('Completed');
    expect(runtime?.pod).to.match(/^default\/some-pipeline-some-job-1-/);
    expect(runtime?.node).to.equal('node-1');
    const seen = runtime?.containers.map(({ name, image, state }) => [name, image, state]);
    expect(seen).to.deep.equal(
      ['step-0', 'step-1'].map((name) => [name, 'docker.io/library/busybox:latest', 'exit code 0']),
    );
    for (const { imageId } of runtime?.containers ?? []) expect(imageId).to.match(/sha256:[0-9a-f]{64}/);
    expect(runtime?.events).to.deep.equal([]);
    expect(cluster().requests.get('list events')).to.equal(before);
  });

  it('has the events of what failed, oldest first', async () => {
    const { reason, runtime } = await runToEnd(opened(), attemptOf('no-such-image:1', { run: 'true' }));
    expect(reason).to.equal('ImagePullFailed');
    expect(runtime?.containers[0]?.state).to.match(/^unknown: /);
    const events = runtime?.events ?? [];
    expect(events.map((event) => event.reason)).to.include.members(['Scheduled', 'Failed']);
    const warnings = events.filter((event) => event.type === 'Warning').map(({ message }) => message);
    expect(warnings.join('\n')).to.contain('no-such-image:1');
    const times = events.map(({ time }) => time);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
  });

  it('says how often a service was started again', async () => {
    const service = { name: 'flaky', image: 'busybox', env: {}, run: 'sleep 0.2; exit 1' };
    const script = { run: 'sleep 1.5; exit 4' };
    const { reason, runtime } = await runToEnd(opened(), { ...attemptOf('busybox', script), services: [service] });
    expect(reason).to.equal('ExitCode');
    expect(runtime?.containers.find(({ name }) => name === 'flaky')?.restarts).to.be.greaterThan(0);
    expect(runtime?.containers.find(({ name }) => name === 'main')).to.include({ state: 'exit code 4' });
  });

  it('says that events are missing, and which right for them', async () => {
    const rules = [
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    ];
    const narrow = await makeKubernetesPlace(cluster().writeKubeconfig(cluster().addUser('narrow', rules)));
    const worker = narrow.open();
    const { reason, runtime } = await runToEnd(worker, attemptOf('busybox', { run: 'exit 7' }));
    expect(reason).to.equal('ExitCode');
    expect(runtime?.eventsMissing).to.match(/narrow.* has no right to list events in the namespace default: add it to/);
    await worker.close();
    await narrow.destroy();
  });

  it('tells of a volume that cannot be mounted while the pod waits for it', async () => {
    const volumes = [{ name: 'data', configMap: { name: 'absent' } }];
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const spec = { ...attemptOf('busybox', { run: 'true' }), kubernetes: { volumes, volumeMounts } };
    const seen = new AbortController();
    const changes: PhaseChange[] = [];
    const told = (change: PhaseChange): void => {
      changes.push(change);
      if (change.message !== undefined) seen.abort();
    };
    const worker = place().open({ policy: readPolicy('allow: { configMaps: [absent] }') });
    await worker.ensure(spec, allow);
    await worker
      .observe(spec, told, AbortSignal.any([seen.signal, AbortSignal.timeout(60_000)]))
      .catch(() => undefined);
    expect(changes.at(-1)).to.include({ reason: 'Starting' });
    expect(changes.at(-1)?.message).to.match(/^The cluster says: FailedMount: .*"absent" not found\.$/);
    await worker.stop(spec, 0, allow);
    await worker.close();
  });

  it('runs on where the cluster cannot tell of events', async () => {
    cluster().refuse({ verb: 'list', resource: 'events', times: 100 }, 500);
    const spec = attemptOf('no-such-image:1', { run: 'true' });
    const reasons: string[] = [];
    await opened().ensure(spec, allow);
    const { reason, runtime } = await opened().observe(spec, (change) => reasons.push(change.reason), never());
    expect(reason).to.equal('ImagePullFailed');
    expect(runtime?.eventsMissing).to.equal('refused by the test');
  });

  it('waits for what a pod needs although the cluster cannot tell of events', async () => {
    cluster().refuse({ verb: 'list', resource: 'events', times: 100 }, 500);
    const before = cluster().requests.get('list events') ?? 0;
    const volumes = [{ name: 'data', configMap: { name: 'later' } }];
    const spec = { ...attemptOf('busybox', { run: 'true' }), kubernetes: { volumes } };
    const worker = place().open({ policy: readPolicy('allow: { configMaps: [later] }') });
    await worker.ensure(spec, allow);
    const outcome = worker.observe(spec, () => undefined, never());
    await untilFound('a question about events', () => (cluster().requests.get('list events') ?? 0) > before);
    cluster().createConfigMap('default', 'later', { a: 'b' });
    expect(await outcome).to.include({ reason: 'Completed' });
    await worker.close();
  });
});
