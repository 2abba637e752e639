import { expect } from 'chai';
import { timelineSchema, type TimelineResource } from '@chainr/core/api/contract/timeline-resource';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };

describe('the timeline of a run', () => {
  let sched: OpenSched;

  before(async () => {
    sched = await openSched();
  });

  after(() => sched.close());

  const timeline = async (uid: string, query = '') =>
    timelineSchema.parse(await (await sched.get(`/api/runs/${uid}/timeline${query}`)).json());
  const sumOf = ({ shares }: TimelineResource) => Object.values(shares.ms).reduce((sum, ms) => sum + ms, 0);
  const length = ({ from, to }: { from: string; to: string }) => Date.parse(to) - Date.parse(from);

  it('has the spans of each attempt, the critical path and the shares of an ended run', async () => {
    const uid = await sched.create({
      first: job,
      second: { ...job, dependsOn: ['first'] },
      otherwise: { ...job, dependsOn: [{ job: 'first', conditions: { failure: true } }] },
    });
    await sched.worker.finish(await sched.worker.claim(uid, 0));
    await sched.worker.finish(await sched.worker.claim(uid, 1), 'ExitCode', 3);
    const shown = await timeline(uid);
    expect(shown.status).to.equal('FAILED');
    expect(shown.criticalPath.map((part) => part.job)).to.deep.equal(['first', 'second']);
    expect(shown.items.map(({ name, critical }) => [name, critical])).to.deep.equal([
      ['first', true],
      ['second', true],
      ['otherwise', false],
    ]);
    expect(sumOf(shown)).to.equal(length(shown));
    const last = shown.items[1]?.attempts[0];
    expect(last).to.deep.include({ attempt: 1, status: 'FAILED', reason: 'ExitCode' });
    expect(last?.spans.every((span, at, all) => at === 0 || span.from === all[at - 1]?.to)).to.equal(true);
  });

  it('reaches until now while the run is unfinished', async () => {
    const uid = await sched.create({ only: job });
    await sched.worker.claim(uid, 0);
    const shown = await timeline(uid);
    expect(shown.status).to.equal('RUNNING');
    expect(shown.items[0]?.attempts[0]?.spans.at(-1)).to.include({ kind: 'starting' }).and.not.have.property('to');
    expect(sumOf(shown)).to.equal(length(shown));
  });

  it('pages its jobs, with the whole summary on each page', async () => {
    const jobs = Array.from({ length: 300 }, (_, at) => [`job-${at}`, job]);
    const uid = await sched.create(Object.fromEntries(jobs) as Record<string, unknown>);
    for (const index of [0, 270]) await sched.worker.finish(await sched.worker.claim(uid, index));
    const first = await timeline(uid, '?limit=200');
    const second = await timeline(uid, `?limit=200&cursor=${String(first.metadata.next)}`);
    expect([...first.items, ...second.items].map(({ name }) => name)).to.deep.equal(jobs.map(([name]) => name));
    expect(second.metadata.next).to.equal(undefined);
    expect(second.criticalPath).to.have.length(1);
    expect(second.criticalPath.map((part) => part.job)).to.deep.equal(first.criticalPath.map((part) => part.job));
  });

  it('has every attempt of a restarted job', async () => {
    const uid = await sched.create({ only: job });
    await sched.worker.requeue(await sched.worker.claim(uid, 0));
    await sched.worker.finish(await sched.worker.claim(uid, 0, 2));
    const attempts = (await timeline(uid)).items[0]?.attempts;
    expect(attempts?.map(({ attempt, status, reason }) => [attempt, status, reason])).to.deep.equal([
      [1, 'PENDING', 'Interrupted'],
      [2, 'SUCCESSFUL', 'Completed'],
    ]);
  });
});
