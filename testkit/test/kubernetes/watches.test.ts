import { expect } from 'chai';
import { describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { untilFound } from '@chainr/testkit/until-found';
import { ask, createPod, isRunning, podOf, podsPath, runPod, untilPod } from './client.js';
import { openWatch } from './watch-stream.js';

describe('watches of the stand-in of Kubernetes', () => {
  const kubernetes = useKubernetes();
  const versionNow = async () => String((await ask(kubernetes(), 'GET', podsPath)).body.metadata['resourceVersion']);

  it('tell every change after a version, each with a higher one', async () => {
    const version = await versionNow();
    await runPod(kubernetes(), podOf('told', 'true'));
    const watch = await openWatch(kubernetes(), podsPath, `resourceVersion=${version}`);
    await watch.until(({ object }) => object.status?.phase === 'Succeeded');
    await ask(kubernetes(), 'DELETE', `${podsPath}/told`);
    await watch.until(({ type }) => type === 'DELETED');
    expect(watch.events[0]?.type).to.equal('ADDED');
    expect(watch.events.slice(1, -1).every(({ type }) => type === 'MODIFIED')).to.be.true;
    const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect([...new Set(versions)].sort((a, b) => a - b)).to.deep.equal(versions);
    watch.close();
  });

  it('select by label, and tell when an object leaves the selection', async () => {
    const version = await versionNow();
    const watch = await openWatch(kubernetes(), podsPath, `resourceVersion=${version}&labelSelector=who%3Dme`);
    const pod = podOf('labelled', 'sleep 1000') as { metadata: object };
    Object.assign(pod.metadata, { labels: { who: 'me' } });
    await createPod(kubernetes(), podOf('unlabelled', 'true'));
    await createPod(kubernetes(), pod);
    await untilPod(kubernetes(), 'labelled', 'to run', isRunning);
    await ask(
      kubernetes(),
      'PATCH',
      `${podsPath}/labelled`,
      { metadata: { labels: { who: 'you' } } },
      'application/merge-patch+json',
    );
    await watch.until(({ type }) => type === 'DELETED');
    expect(watch.events.every(({ object }) => object.metadata.name === 'labelled')).to.be.true;
    watch.close();
    await ask(kubernetes(), 'DELETE', `${podsPath}/labelled`, { gracePeriodSeconds: 0 });
  });

  it('begin with all objects if they want that, and mark the end of these', async () => {
    await runPod(kubernetes(), podOf('initial', 'true'));
    const query = 'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const watch = await openWatch(kubernetes(), podsPath, query);
    const end = await watch.until(({ type }) => type === 'BOOKMARK');
    expect(end.object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    expect(watch.events.some(({ type, object }) => type === 'ADDED' && object.metadata.name === 'initial')).to.be.true;
    watch.close();
  });

  it('get bookmarks only if they allow them', async () => {
    const version = await versionNow();
    const [plain, marked] = await Promise.all([
      openWatch(kubernetes(), podsPath, `resourceVersion=${version}`),
      openWatch(kubernetes(), podsPath, `resourceVersion=${version}&allowWatchBookmarks=true`),
    ]);
    kubernetes().createSecret('default', 'moves-the-version', {});
    kubernetes().sendBookmarks();
    const { object } = await marked.until(({ type }) => type === 'BOOKMARK');
    expect(Number(object.metadata.resourceVersion)).to.be.above(Number(version));
    expect(plain.events).to.be.empty;
    plain.close();
    marked.close();
  });

  it('get 410 as an event after a compaction, and in either form if a test wants', async () => {
    const version = await versionNow();
    kubernetes().createSecret('default', 'after', {});
    kubernetes().compact();
    const old = await openWatch(kubernetes(), podsPath, `resourceVersion=${version}`);
    const { object } = await old.until(({ type }) => type === 'ERROR');
    expect(object).to.include({ kind: 'Status', code: 410, reason: 'Expired' });
    kubernetes().expireWatches('status');
    const refused = await openWatch(kubernetes(), podsPath, `resourceVersion=${await versionNow()}`);
    expect(refused.status).to.equal(410);
    kubernetes().expireWatches('event');
    const told = await openWatch(kubernetes(), podsPath, `resourceVersion=${await versionNow()}`);
    expect(told.status).to.equal(200);
    await told.until(({ type }) => type === 'ERROR');
  });

  it('end in order after their time, and without a word when they are cut', async () => {
    const timed = await openWatch(kubernetes(), podsPath, 'timeoutSeconds=1');
    expect(await timed.untilEnd()).to.equal('ended');
    const cut = await openWatch(kubernetes(), podsPath, '');
    kubernetes().cutWatches();
    expect(await cut.untilEnd()).to.equal('cut');
  });

  it('miss nothing across a restart of the server', async () => {
    const version = await versionNow();
    const before = await openWatch(kubernetes(), podsPath, `resourceVersion=${version}`);
    await createPod(kubernetes(), podOf('survives', 'sleep 0.3'));
    await kubernetes().stopServer();
    expect(await before.untilEnd()).to.equal('cut');
    const refused = await ask(kubernetes(), 'GET', podsPath).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(TypeError);
    await untilFound(
      'the end of the pod',
      () => kubernetes().store.get('pods', 'default', 'survives'),
      (pod) => JSON.stringify(pod).includes('"Succeeded"'),
    );
    await kubernetes().startServer();
    const after = await openWatch(kubernetes(), podsPath, `resourceVersion=${version}`);
    await after.until(({ object }) => object.status?.phase === 'Succeeded');
    after.close();
  });
});
