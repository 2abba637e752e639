import { expect } from 'chai';
import type { AttemptSpec, Executor } from '../src/port.js';
import { allow, attemptOf, never, untilExecuting } from '../suite/place.js';
import { useKubernetesPlace } from './use-kubernetes-place.js';

const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace: 'default' } };

describe('starts that the cluster refuses, on the stand-in of Kubernetes', function () {
  this.timeout(120_000);
  const { cluster, place } = useKubernetesPlace();
  let executors: Executor[] = [];
  afterEach(async () => {
    allowPods();
    await Promise.all(executors.map((executor) => executor.close()));
    executors = [];
  });

  const open = (options: { answerMs?: number } = {}): Executor => {
    const executor = place().open(options);
    executors.push(executor);
    return executor;
  };
  const refusePods = (): void => {
    cluster().store.create('resourcequotas', { ...quota, spec: { hard: { pods: '0' } } });
  };
  const allowPods = (): void => {
    const { store } = cluster();
    for (const each of store.list('resourcequotas')) store.remove('resourcequotas', each);
  };
  const podsOf = ({ run }: AttemptSpec) =>
    cluster()
      .store.list('pods')
      .filter(({ metadata }) => metadata.labels?.['chainr.dev/run'] === run);

  /** Starts it where the quota is used up; resolves when that is known. */
  async function waitForQuota(executor: Executor, spec: AttemptSpec): Promise<{ recorded: number[] }> {
    const recorded: number[] = [];
    const seen = new AbortController();
    await executor.ensure(spec, allow, async (starts) => void recorded.push(starts));
    const end = executor.observe(spec, ({ reason }) => (reason === 'QuotaExceeded' ? seen.abort() : undefined), seen.signal); // prettier-ignore
    await end.catch(() => undefined);
    expect(seen.signal.aborted, 'it did not wait for the quota').to.equal(true);
    return { recorded };
  }

  it('takes the record of a start back that a quota refuses, so that an adopter starts it', async () => {
    refusePods();
    const spec = attemptOf('busybox', { run: 'true' });
    const { recorded } = await waitForQuota(open(), spec);
    expect(recorded.slice(0, 2)).to.deep.equal([1, 0]);
    allowPods();
    const adopter = open();
    await adopter.ensure({ ...spec, starts: recorded.at(-1) ?? 1 }, allow);
    expect(await adopter.observe(spec, () => undefined, never())).to.include({ reason: 'Completed' });
  });

  it('acts no more under the lease of an owner that gave up', async () => {
    refusePods();
    const spec = attemptOf('busybox', { run: 'true' });
    const executor = open();
    await waitForQuota(executor, spec);
    allowPods();
    expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Lost' });
    expect(podsOf(spec)).to.deep.equal([]);
  });

  it('ends an attempt at once that waits for a quota, though its name cannot be taken', async () => {
    refusePods();
    const spec = attemptOf('busybox', { run: 'true' });
    const executor = open();
    await executor.ensure(spec, allow);
    const isWaiting = new AbortController();
    const outcome = executor.observe(spec, ({ reason }) => {
      if (reason === 'QuotaExceeded') isWaiting.abort();
    }, never()); // prettier-ignore
    await new Promise((resolve) => isWaiting.signal.addEventListener('abort', resolve));
    await executor.stop(spec, 0, allow);
    expect(await outcome).to.include({ reason: 'Lost', message: 'It was stopped before it started.' });
    allowPods();
    expect(podsOf(spec)).to.deep.equal([]);
  });

  it('ends an attempt without a record of a start at once, and asks the cluster for nothing', async () => {
    refusePods();
    const spec = { ...attemptOf('busybox', { run: 'true' }), starts: 0 };
    const before = cluster().requests.get('create pods');
    await open().stop(spec, 0, allow);
    expect(cluster().requests.get('create pods')).to.equal(before);
  });

  it('ends an attempt whose start may have been sent when no such request can arrive any more', async () => {
    refusePods();
    const spec = { ...attemptOf('busybox', { run: 'true' }), starts: 1 };
    const executor = open({ answerMs: 500 });
    await executor.stop(spec, 0, allow);
    await executor.ensure(spec, allow);
    expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Lost' });
    expect(podsOf(spec)).to.deep.equal([]);
  });

  it('stops what a former owner created meanwhile', async () => {
    refusePods();
    const spec = attemptOf('busybox', { run: 'trap "exit 143" TERM; sleep 300 & wait $!' });
    const recorded = { ...spec, starts: 1 };
    const stopper = open({ answerMs: 2_000 });
    const stopped = stopper.stop(recorded, 0, allow);
    const asked = cluster().requests.get('create pods') ?? 0;
    while ((cluster().requests.get('create pods') ?? 0) === asked) await new Promise(setImmediate);
    allowPods();
    const former = open();
    await former.ensure(spec, allow);
    await untilExecuting(former, spec);
    await stopped;
    const [pod] = podsOf(spec);
    expect(pod?.status.phase).to.equal('Failed');
  });

  it('sees the end of what it stops although the watch says nothing', async () => {
    const spec = attemptOf('busybox', { run: 'trap "exit 7" TERM; sleep 300 & wait $!' });
    const owner = open();
    await owner.ensure(spec, allow);
    await untilExecuting(owner, spec);
    cluster().hang({ verb: 'watch', resource: 'pods' });
    const stopper = open();
    const before = cluster().requests.get('get pods') ?? 0;
    await stopper.stop(spec, 20_000, allow);
    expect((cluster().requests.get('get pods') ?? 0) - before).to.be.lessThan(10);
    expect(podsOf(spec)[0]?.status.phase).to.equal('Failed');
  });
});
