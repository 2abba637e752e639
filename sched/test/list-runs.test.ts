import { expect } from 'chai';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { runListSchema } from '@chainr/core/api/contract/run-resource';
import { openSched, type OpenSched } from './open-sched.js';

const jobs = { only: { image: 'busybox', run: 'exit 0' } };

describe('the list of runs, filtered', () => {
  let sched: OpenSched;
  const uids: Record<string, string> = {};

  before(async () => {
    sched = await openSched();
    uids['plain'] = await sched.create(jobs);
    uids['nightly'] = await sched.create(jobs, { name: 'nightly', labels: { team: 'core', 'example.com/tier': '1' } });
    uids['night-owl'] = await sched.create(jobs, { name: 'night-owl', labels: { team: 'web' } });
    const lease = await sched.worker.claim(uids['night-owl'], 0);
    await sched.worker.finish(lease, 'ExitCode', 1);
  });

  after(() => sched.close());

  const list = async (query: string) => runListSchema.parse(await (await sched.get(`/api/runs?${query}`)).json());
  const names = async (query: string) =>
    (await list(query)).items.map(({ metadata: { uid } }) => Object.keys(uids).find((name) => uids[name] === uid));

  it('has the runs of a status, a name, a name prefix or a label', async () => {
    expect(await names('status=FAILED')).to.deep.equal(['night-owl']);
    expect(await names('status=pending')).to.deep.equal(['nightly', 'plain']);
    expect(await names('status=PENDING&status=FAILED')).to.deep.equal(['night-owl', 'nightly', 'plain']);
    expect(await names('name=nightly')).to.deep.equal(['nightly']);
    expect(await names('name=night*')).to.deep.equal(['night-owl', 'nightly']);
    expect(await names('name=*')).to.deep.equal(['night-owl', 'nightly']);
    expect(await names('label=team=core')).to.deep.equal(['nightly']);
    expect(await names('label=team')).to.deep.equal(['night-owl', 'nightly']);
    expect(await names('label=example.com/tier=1&label=team=core')).to.deep.equal(['nightly']);
    expect(await names('label=team%3Dcore,team%3Dweb')).to.deep.equal([]);
    expect(await names('status=PENDING,FAILED&name=night*&label=team')).to.deep.equal(['night-owl', 'nightly']);
  });

  it('has the runs of a time or an age', async () => {
    const [first] = (await list('')).items;
    const createdAt = encodeURIComponent(first?.metadata.createdAt ?? '');
    expect(await names(`since=${createdAt}`))
      .to.include('night-owl')
      .and.not.include('plain');
    expect(await names(`until=${createdAt}`))
      .to.include('plain')
      .and.not.include('night-owl');
    expect(await names('since=1h')).to.have.length(3);
    expect(await names('until=1h')).to.deep.equal([]);
    expect(await names('since=2020-01-01&until=2020-01-02T10:00Z')).to.deep.equal([]);
  });

  it('has the number of runs by status, and the number that matches a simple filter', async () => {
    const { counts, total } = (await list('name=night*&limit=1')).metadata;
    expect(counts).to.deep.equal({ PENDING: 2, RUNNING: 0, SUCCESSFUL: 0, FAILED: 1, CANCELED: 0 });
    expect(total).to.equal(2);
    expect((await list('name=nightly&status=FAILED')).metadata).to.not.have.property('total');
  });

  it('lists every mistake of a query', async () => {
    const query = 'status=FAILD,DONE&name=Night&label=-x&label=a=b=c&since=yesterday&until=2026-13-40&nam=x&name=a';
    const response = await sched.get(`/api/runs?${query}`);
    expect(response.status).to.equal(400);
    const { details } = errorBodySchema.parse(await response.json());
    expect(details.map(({ path, message }) => `${path}: ${message}`)).to.have.members([
      'status: "FAILD" is not a status of a run, did you mean "FAILED"?',
      'status: "DONE" is not a status of a run; use one of PENDING, RUNNING, SUCCESSFUL, FAILED, CANCELED',
      'name: must be given once',
      'label: "-x" is not a label: write KEY=VALUE or KEY',
      'label: "a=b=c" is not a label: write KEY=VALUE or KEY',
      'since: must be a time such as 2026-11-21T01:44:00Z (write "+" as %2B) or an age such as 24h',
      'until: must be a time such as 2026-11-21T01:44:00Z (write "+" as %2B) or an age such as 24h',
      'nam: unknown parameter, did you mean "name"?',
    ]);
    for (const bad of [
      'status=',
      'name=',
      'name=Night',
      'name=a*b',
      'label=',
      'since=',
      'since=0',
      'since=2026-02-31',
      'until=2026-02-29',
      'since=2026-11-31T10:00Z',
      'until=2026-11-21T24:00Z',
    ])
      expect((await sched.get(`/api/runs?${bad}`)).status, bad).to.equal(400);
  });
});
