import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Pod } from '@chainr/testkit/kubernetes/objects';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { processesOf } from '@chainr/testkit/processes-of';
import { untilFound } from '@chainr/testkit/until-found';
import { ask, createPod, isOver, podOf, podsPath, readPod, startPod, untilGone, untilPod } from './client.js';

describe('what a test lets happen to pods of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();
  const untilTerm = 'trap "echo ended; exit 5" TERM; echo begun; sleep 1000 & wait';
  const endOf = ({ status }: Pod) => status.containerStatuses?.[0]?.state.terminated;
  const disruptionOf = ({ status }: Pod) => status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const keep = (pod: object): object => {
    Object.assign((pod as { metadata: object }).metadata, { finalizers: ['chainr.dev/kept'] });
    return pod;
  };
  const start = (name: string, script = untilTerm): Promise<Pod> => startPod(kubernetes(), keep(podOf(name, script)));
  const eventsOf = async (pod: Pod): Promise<string[]> => {
    const query = `fieldSelector=involvedObject.uid%3D${pod.metadata.uid}`;
    const { body } = await ask(kubernetes(), 'GET', `/api/v1/namespaces/default/events?${query}`);
    return (body['items'] as { reason: string }[]).map(({ reason }) => reason);
  };

  it('a container that uses too much memory is OOMKilled', async () => {
    await start('memory');
    kubernetes().killForMemory('default', 'memory', 'main');
    const pod = await untilPod(kubernetes(), 'memory', 'to end', isOver);
    expect(endOf(pod)).to.include({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('a pod on a node that lacks memory is Evicted', async () => {
    await start('pressure');
    kubernetes().evictForPressure('default', 'pressure');
    const pod = await untilPod(kubernetes(), 'pressure', 'to end', isOver);
    expect(pod.status).to.include({ phase: 'Failed', reason: 'Evicted' });
    expect(pod.status.message).to.match(/^The node was low on resource: memory/);
    expect(disruptionOf(pod)?.reason).to.equal('TerminationByKubelet');
    expect(await eventsOf(pod)).to.include('Evicted');
  });

  it('a pod that gives way to another one says so and is deleted', async () => {
    await start('preempted');
    kubernetes().preempt('default', 'preempted');
    const pod = await untilPod(kubernetes(), 'preempted', 'to end', isOver);
    expect(disruptionOf(pod)?.reason).to.equal('PreemptionByScheduler');
    expect(endOf(pod)?.exitCode).to.equal(5);
    expect(pod.metadata.deletionTimestamp).to.not.be.undefined;
    expect(await eventsOf(pod)).to.include('Preempted');
  });

  it('a pod on a lost node seems to run until the node returns', async () => {
    await start('lost', 'trap "" TERM; echo begun; sleep 0.5; exit 6');
    kubernetes().loseNode();
    const marked = await readPod(kubernetes(), 'lost');
    expect(marked && disruptionOf(marked)?.reason).to.equal('DeletionByTaintManager');
    expect(marked?.metadata.deletionTimestamp).to.not.be.undefined;
    expect((await ask(kubernetes(), 'GET', `${podsPath}/lost/log`)).status).to.equal(500);
    await createPod(kubernetes(), podOf('meanwhile', 'true'));
    expect((await readPod(kubernetes(), 'lost'))?.status.phase).to.equal('Running');
    kubernetes().returnNode();
    const pod = await untilPod(kubernetes(), 'lost', 'to end', isOver);
    expect(endOf(pod)?.exitCode).to.equal(6);
    await untilPod(kubernetes(), 'meanwhile', 'to end', isOver);
  });

  it('a pod on a node that was removed has Failed, and does not run when a node comes back', async () => {
    const { metadata } = await start('removed');
    kubernetes().loseNode();
    kubernetes().removeNode();
    const pod = await readPod(kubernetes(), 'removed');
    expect(pod?.status.phase).to.equal('Failed');
    expect(pod && disruptionOf(pod)?.reason).to.equal('DeletionByPodGC');
    const look = () => processesOf(`${kubernetes().folder}/pods/${metadata.uid}`);
    await untilFound('the processes to end', look, (found) => found.length === 0);
    kubernetes().returnNode();
    await ask(kubernetes(), 'PATCH', `${podsPath}/removed`, { metadata: { labels: { seen: 'yes' } } }, 'application/merge-patch+json'); // prettier-ignore
    await createPod(kubernetes(), podOf('after', 'true'));
    await untilPod(kubernetes(), 'after', 'to end', isOver);
    expect(look()).to.deep.equal([]);
    expect((await readPod(kubernetes(), 'removed'))?.status.phase).to.equal('Failed');
  });

  it('a pod that is deleted by force is gone at once, and its processes soon', async () => {
    const script = 'trap "exit 5" TERM; echo begun; sleep 1000 & wait';
    const { metadata } = await startPod(kubernetes(), podOf('forced', script));
    const folder = `${kubernetes().folder}/pods/${metadata.uid}`;
    expect(processesOf(folder)).to.not.be.empty;
    kubernetes().deletePod('default', 'forced', 0);
    expect(await readPod(kubernetes(), 'forced')).to.be.undefined;
    await createPod(kubernetes(), podOf('forced', 'true'));
    await untilPod(kubernetes(), 'forced', 'to end', isOver);
    const look = () => processesOf(folder);
    await untilFound('the processes to end', look, (found) => found.length === 0);
  });

  it('a pod whose finalizer is stripped and that is deleted vanishes', async () => {
    await start('stripped');
    kubernetes().stripFinalizers('default', 'stripped');
    kubernetes().deletePod('default', 'stripped');
    await untilGone(kubernetes(), 'stripped');
  });

  it('a Secret that belongs to a pod goes with it', async () => {
    const { metadata } = await createPod(kubernetes(), podOf('owner', 'true'));
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'owner', uid: metadata.uid };
    const secrets = '/api/v1/namespaces/default/secrets';
    const secret = { metadata: { name: 'owned', ownerReferences: [owner] }, stringData: { key: 'value' } };
    expect((await ask(kubernetes(), 'POST', secrets, secret)).body['data']).to.deep.equal({ key: 'dmFsdWU=' });
    await untilPod(kubernetes(), 'owner', 'to end', isOver);
    kubernetes().deletePod('default', 'owner');
    const look = () => ask(kubernetes(), 'GET', `${secrets}/owned`);
    await untilFound('the end of the Secret', look, ({ status }) => status === 404);
  });
});
