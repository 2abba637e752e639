import { expect } from 'chai';
import { claimJob } from '@chainr/testkit/claim-job';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { setClock } from '@chainr/testkit/clock';
import { completed } from '@chainr/testkit/outcomes';
import { keys } from '../../../src/store/redis/keys.js';
import { parseClaimedRunInfo } from '../../../src/store/runs/run-info.js';

/** It may be large, so lists of runs and events must not read it. */
describe('the env of a pipeline', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const secretive = 'only-for-workers';
  const env = { ONE: secretive, QUOTED: '"\\}', LATER: 'ü' };
  const shapes = [
    { name: 'a small run', pipeline: { ...pipelineOf({ a: [], b: ['a'] }), env } },
    { name: 'a large run', pipeline: { ...fanOfJobs(300), env } },
    { name: 'a run with a name and labels', pipeline: { ...pipelineOf({ a: [] }), metadata: { name: 'n', labels: { team: 'x' } }, env } }, // prettier-ignore
  ];

  for (const { name, pipeline } of shapes) {
    it(`of ${name} is in no event, and in nothing that lists read`, async () => {
      const after = await open.store.events.lastCursor();
      const uid = await open.create(pipeline);
      expect(await open.client.hget(keys.run(uid), 'info')).not.to.include(secretive);
      const entries = await open.client.xrange(keys.events, after, '+');
      expect(JSON.stringify(entries)).to.include(uid).and.not.to.include(secretive);
      const run = await open.store.runs.getRun(uid);
      expect(await open.store.runs.getRuns([uid])).to.eql([run]);
      const { name: runName, labels } = pipeline.metadata;
      expect(run).to.deep.include({ labels, ...(runName !== undefined && { name: runName }) });
    });

    it(`of ${name} is returned by a claim and by an adoption`, async () => {
      const uid = await open.create(pipeline);
      const { name: runName } = pipeline.metadata;
      const named = runName === undefined ? {} : { name: runName };
      const executor = 1;
      const claimed = await open.store.transitions.claim({ run: uid, index: 0, attempt: 1 }, { owner: 'me', executor, ttlMs: 6_000 }); // prettier-ignore
      if (typeof claimed === 'string') expect.fail(claimed);
      expect(parseClaimedRunInfo(claimed.info)).to.deep.include({ env, ...named });
      await setClock(open.redis.url, 6_001);
      const adopted = await open.store.transitions.adopt(claimed.lease, { owner: 'heir', executor, ttlMs: 6_000, ownerGone: false }); // prettier-ignore
      await setClock(open.redis.url, 0);
      if (typeof adopted === 'string') expect.fail(adopted);
      expect(parseClaimedRunInfo(adopted.info)).to.deep.include({ env, ...named });
    });
  }

  it('is deleted with its run', async () => {
    const uid = await open.create({ ...pipelineOf({ a: [] }), env });
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.finish(lease, completed, {});
    await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.from(''), position: '', end: true });
    await open.store.transitions.close(lease, 0);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    expect(await open.client.keys(`*${uid}*`)).to.eql([]);
  });
});
