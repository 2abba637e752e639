import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import {
  ask,
  createPod,
  isOver,
  podOf,
  podsPath,
  readLog,
  readPod,
  runPod,
  startPod,
  untilGone,
  untilPod,
} from './client.js';

const strategic = 'application/strategic-merge-patch+json';

describe('the end of pods of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();
  const withFinalizer = (pod: object) => {
    Object.assign((pod as { metadata: object }).metadata, { finalizers: ['other.dev/one', 'chainr.dev/one'] });
    return pod;
  };

  it('comes with TERM and the grace of the pod', async () => {
    await startPod(kubernetes(), podOf('graceful', 'trap "exit 0" TERM; echo set; sleep 1000 & wait'));
    const { status, body } = await ask(kubernetes(), 'DELETE', `${podsPath}/graceful`);
    expect(status).to.equal(200);
    expect(body.metadata).to.include({ deletionGracePeriodSeconds: 30 }).and.to.have.property('deletionTimestamp');
    await untilGone(kubernetes(), 'graceful');
  });

  it('comes with KILL for a process that ignores TERM, as process 1 does', async () => {
    await startPod(kubernetes(), withFinalizer(podOf('stubborn', 'echo set; sleep 1000; true')));
    await ask(kubernetes(), 'DELETE', `${podsPath}/stubborn`, { gracePeriodSeconds: 1 });
    const { status } = await untilPod(kubernetes(), 'stubborn', 'to end', isOver);
    expect(status.phase).to.equal('Failed');
    expect(status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 137, reason: 'Error' });
  });

  it('leaves the object until its last finalizer is taken off', async () => {
    await runPod(kubernetes(), withFinalizer(podOf('kept', 'exit 3')));
    await ask(kubernetes(), 'DELETE', `${podsPath}/kept`);
    const kept = await readPod(kubernetes(), 'kept');
    expect(kept?.metadata).to.include({ deletionGracePeriodSeconds: 0 });
    const own = { metadata: { '$deleteFromPrimitiveList/finalizers': ['chainr.dev/one'] } };
    const { body } = await ask(kubernetes(), 'PATCH', `${podsPath}/kept`, own, strategic);
    expect(body.metadata['finalizers']).to.deep.equal(['other.dev/one']);
    const last = await ask(
      kubernetes(),
      'PATCH',
      `${podsPath}/kept`,
      { metadata: { finalizers: null } },
      'application/merge-patch+json',
    );
    expect(last.status).to.equal(200);
    expect(await readPod(kubernetes(), 'kept')).to.be.undefined;
  });

  it('says Failed and DeadlineExceeded when its time is over, and keeps codes and logs', async () => {
    const script = 'trap "echo there; exit 9" TERM; echo here; sleep 1000 & wait';
    await startPod(kubernetes(), podOf('deadline', script));
    const patch = { spec: { activeDeadlineSeconds: 1 } };
    expect((await ask(kubernetes(), 'PATCH', `${podsPath}/deadline`, patch, strategic)).status).to.equal(200);
    const { status } = await untilPod(kubernetes(), 'deadline', 'to end', isOver);
    expect(status).to.include({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(status.containerStatuses?.[0]?.state.terminated?.exitCode).to.equal(9);
    expect(await readLog(kubernetes(), 'deadline')).to.equal('here\nthere\n');
  });

  it('is at once for a pod that was never scheduled', async () => {
    await createPod(kubernetes(), podOf('gated', 'true', {}, { schedulingGates: [{ name: 'chainr.dev/tombstone' }] }));
    const gated = await readPod(kubernetes(), 'gated');
    expect(gated?.status.conditions?.[0]).to.include({
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
    });
    expect(gated?.spec.nodeName).to.be.undefined;
    await ask(kubernetes(), 'DELETE', `${podsPath}/gated`);
    expect(await readPod(kubernetes(), 'gated')).to.be.undefined;
  });

  it('is refused for another object of the same name', async () => {
    const { pod } = await runPod(kubernetes(), podOf('other', 'true'));
    const options = { preconditions: { uid: '0d9ddd5f-0000-0000-0000-000000000000' } };
    const { status, body } = await ask(kubernetes(), 'DELETE', `${podsPath}/other`, options);
    expect(status).to.equal(409);
    expect(body.reason).to.equal('Conflict');
    expect(body.message).to.contain(`the UID in record (${pod.metadata.uid})`);
  });

  it('takes what a selector selects', async () => {
    for (const name of ['a', 'b']) {
      const pod = podOf(`batch-${name}`, 'true') as { metadata: object };
      Object.assign(pod.metadata, { labels: { batch: name } });
      await runPod(kubernetes(), pod);
    }
    await ask(kubernetes(), 'DELETE', `${podsPath}?labelSelector=batch+in+(a,c)`);
    await untilGone(kubernetes(), 'batch-a');
    expect(await readPod(kubernetes(), 'batch-b')).to.not.be.undefined;
  });
});
