import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Cluster } from '@chainr/testkit/cluster/cluster';
import { PodRecorder } from '@chainr/testkit/cluster/pod-recorder';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { untilFound } from '@chainr/testkit/until-found';
import { createPod, podOf } from './client.js';

describe('a recorder of pods', () => {
  const kubernetes = useKubernetes();
  const open = async (file = kubernetes().kubeconfigFile) => {
    const cluster = await Cluster.open(file);
    return { cluster, recorder: await PodRecorder.start(cluster) };
  };
  const create = (name: string, run: string, script = 'true') => {
    const pod = podOf(name, script) as { metadata: object };
    const labels = { 'app.kubernetes.io/managed-by': 'chainr', 'chainr.dev/run': run, 'chainr.dev/job': 'only', 'chainr.dev/attempt': '1' }; // prettier-ignore
    Object.assign(pod.metadata, { labels, finalizers: ['chainr.dev/remains'] });
    return createPod(kubernetes(), pod);
  };
  const started = (recorder: PodRecorder, run: string, count: number) =>
    untilFound('the starts', () => recorder.startsOf(run), ({ length }) => length === count); // prettier-ignore

  it('tells an attempt with two pods, and waits until both are gone', async () => {
    const { cluster, recorder } = await open();
    await create('first', 'doubled');
    await create('second', 'doubled');
    expect(await started(recorder, 'doubled', 2)).to.deep.equal(['only 1 main', 'only 1 main']);
    expect(recorder.doubledIn('doubled')).to.deep.equal(['only 1 had 2 pods']);
    await cluster.removePods('chainr.dev/run=doubled');
    await recorder.untilGone('doubled');
    expect(recorder.runs).to.deep.equal(['doubled']);
    await recorder.stop();
  });

  it('says nothing good of a run of which it saw no pod', async () => {
    const { recorder } = await open();
    expect(() => recorder.doubledIn('nobody')).to.throw('no pod of the run nobody was seen');
    const failure = await recorder.untilGone('nobody').catch((error: unknown) => error);
    expect(failure).to.be.an('error').with.property('message').that.contains('no pod of the run nobody was seen');
    await recorder.stop();
  });

  it('sees what happened while the API server was away, though the history is forgotten', async () => {
    const { recorder } = await open();
    await create('away', 'away', 'sleep 0.5');
    await kubernetes().stopServer();
    const phase = () => kubernetes().store.get('pods', 'default', 'away')?.status.phase;
    await untilFound('the end of the pod', phase, (seen) => seen === 'Succeeded');
    kubernetes().compact();
    await kubernetes().startServer();
    expect(await started(recorder, 'away', 1)).to.deep.equal(['only 1 main']);
    await untilFound('its end', () => recorder.podsOf('away')[0]?.last.status?.phase, (seen) => seen === 'Succeeded'); // prettier-ignore
    expect(recorder.doubledIn('away')).to.deep.equal([]);
    await recorder.stop();
  });

  it('fails at its end if it may not watch', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    const file = kubernetes().writeKubeconfig(kubernetes().addUser('blind', rules));
    const watches = () => kubernetes().requests.get('watch pods') ?? 0;
    const before = watches();
    const { recorder } = await open(file);
    // The second one follows the answer to the first.
    await untilFound('two watches', watches, (seen) => seen >= before + 2);
    const failure = await recorder.stop().catch((error: unknown) => error);
    expect(failure).to.be.an('error').with.property('message').that.contains('403');
  });
});
