import { expect } from 'chai';
import { bulkResultSchema, deletionSchema } from '@chainr/core/api/contract/bulk-resource';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { runListSchema } from '@chainr/core/api/contract/run-resource';
import { openSched, type OpenSched } from './open-sched.js';

const jobs = { only: { image: 'busybox', run: 'exit 0' } };

describe('deleting over the API', () => {
  let sched: OpenSched;
  beforeEach(async () => (sched = await openSched()));
  afterEach(() => sched.close());

  async function createEnded(metadata?: object): Promise<string> {
    const uid = await sched.create(jobs, metadata);
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.finish(lease);
    await sched.worker.log(lease, [{ text: 'hello' }], true);
    await sched.worker.close(lease);
    return uid;
  }

  const listed = async () =>
    runListSchema
      .parse(await (await sched.get('/api/runs?limit=100')).json())
      .items.map(({ metadata }) => metadata.uid);
  const bulk = async (query: string) => {
    const response = await sched.delete(`/api/runs?${query}`);
    expect(response.status).to.equal(200);
    return bulkResultSchema.parse(await response.json());
  };
  const refusal = async (path: string) => {
    const response = await sched.delete(path);
    return [response.status, errorBodySchema.parse(await response.json()).message] as const;
  };

  it('answers 404 for a deleted run on every route', async () => {
    const uid = await createEnded({ name: 'nightly' });
    const response = await sched.delete(`/api/runs/${uid}`);
    expect(deletionSchema.parse(await response.json())).to.deep.equal({ kind: 'Deletion', run: uid });
    for (const rest of ['', '/jobs', '/pipeline', '/jobs/only', '/jobs/only/logs'])
      expect((await sched.get(`/api/runs/${uid}${rest}`)).status, rest).to.equal(404);
    expect(await listed()).to.deep.equal([]);
    expect((await refusal(`/api/runs/${uid}`))[0]).to.equal(404);
  });

  it('says what to do with a run that cannot be deleted yet', async () => {
    const uid = await sched.create(jobs);
    const path = `/api/runs/${uid}`;
    expect(await refusal(path)).to.deep.equal([
      409,
      'The run is PENDING: cancel it first, or wait until it has ended.',
    ]);
    const lease = await sched.worker.claim(uid, 0);
    await sched.worker.finish(lease);
    expect(await refusal(path)).to.deep.equal([409, 'The run has ended, but the log of an attempt is still being stored; try again in a moment.']); // prettier-ignore
    expect((await sched.delete(path)).headers.get('retry-after'), 'when to try again').to.equal('2');
    expect((await sched.get(path)).status).to.equal(200);
  });

  it('deletes the runs that match a filter, and lists those that it skipped', async () => {
    const live = await sched.create(jobs, { labels: { team: 'core' } });
    const gone = await createEnded({ labels: { team: 'core' } });
    const other = await createEnded({ labels: { team: 'web' } });
    const tried = await bulk('label=team=core&dryRun=true');
    const message = 'The run is PENDING: cancel it first, or wait until it has ended.';
    const result = { kind: 'BulkResult', matched: 2, done: 1, skipped: [{ uid: live, message }] };
    expect(tried).to.deep.equal({ ...result, dryRun: true });
    expect(await listed()).to.deep.equal([other, gone, live]);
    expect(await bulk('label=team=core')).to.deep.equal({ ...result, dryRun: false });
    expect(await listed()).to.deep.equal([other, live]);
    expect(await bulk('label=team=web&status=SUCCESSFUL')).to.include({ matched: 1, done: 1 });
  });

  it('continues where a request ended', async () => {
    const uids: string[] = [];
    for (let at = 0; at < 520; at += 1) uids.push(await sched.create(jobs));
    const [oldest = ''] = uids;
    const lease = await sched.worker.claim(oldest, 0);
    await sched.worker.finish(lease);
    await sched.worker.log(lease, [], true);
    await sched.worker.close(lease);
    const first = await bulk('all=true');
    expect([first.matched, first.done, first.skipped.length]).to.deep.equal([500, 0, 100]);
    const second = await bulk(`all=true&cursor=${String(first.next)}`);
    expect([second.matched, second.done, second.skipped.length, second.next]).to.deep.equal([20, 1, 19, undefined]);
    expect((await sched.get(`/api/runs/${oldest}`)).status).to.equal(404);
  });

  it('never treats an empty filter as all runs', async () => {
    await createEnded();
    for (const query of ['', 'dryRun=true', 'all=false']) {
      const [status, message] = await refusal(`/api/runs?${query}`);
      expect([status, message], query).to.deep.equal([400, 'The query selects no runs: set at least one of status, name, externalId, label, since and until, or all=true to select every run.']); // prettier-ignore
    }
    expect(await listed()).to.have.length(1);
  });
});
