import { expect } from 'chai';
import fc from 'fast-check';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { RunRecord, RunUid } from '../../../src/engine/records.js';
import { runStatuses } from '../../../src/engine/states.js';
import { matches, type RunFilter } from '../../../src/store/runs/run-filter.js';
import { keys } from '../../../src/store/redis/keys.js';

const single = pipelineOf({ a: [] });
const kinds = ['pending', 'running', 'successful', 'failed'] as const;

interface Made {
  name?: string;
  labels?: Record<string, string>;
  becomes?: (typeof kinds)[number];
}

async function make(open: OpenStore, { name, labels = {}, becomes = 'pending' }: Made = {}): Promise<RunUid> {
  const metadata = { ...(name === undefined ? {} : { name }), labels };
  const uid = await open.create({ ...single, metadata });
  if (becomes === 'running') await claimJob(open.store, uid, 0);
  if (becomes === 'successful' || becomes === 'failed') await endRun(open.store, uid, { fails: becomes === 'failed' });
  return uid;
}

/** All pages of a list, each of at most `limit` runs. */
async function listAll(open: OpenStore, filter: RunFilter, limit = 7): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  for (let before: number | undefined; ;) {
    const page = await open.store.runs.listRuns({ filter, limit, ...(before === undefined ? {} : { before }) });
    expect(page.runs.length).to.be.at.most(limit);
    runs.push(...page.runs);
    if (page.next === undefined) return runs;
    before = page.next;
  }
}

describe('the list of runs', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  it('has the runs that match a filter, newest first, for every combination', async () => {
    const made: RunUid[] = [];
    for (let at = 0; at < 60; at += 1) {
      const name = [undefined, 'nightly', 'nightly.eu', 'release-1', 'a'][at % 5];
      const labels = { ...(at % 2 ? { team: 'core' } : {}), ...(at % 3 ? { tier: String(at % 3) } : {}) };
      const becomes = kinds[(at * 7) % 4];
      await setClock(open.redis.url, at * 60_000);
      made.unshift(
        await make(open, { ...(name === undefined ? {} : { name }), labels, ...(becomes ? { becomes } : {}) }),
      );
    }
    const all = await open.store.runs.getRuns(made);
    const times = fc.constantFrom(...all.map(({ createdAt }) => createdAt));
    const labels = fc.constantFrom<{ key: string; value?: string }>({ key: 'team', value: 'core' }, { key: 'tier', value: '1' }, { key: 'tier' }, { key: 'none', value: '' }); // prettier-ignore
    const filters = fc.record(
      {
        statuses: fc.subarray([...runStatuses], { minLength: 1 }),
        name: fc.constantFrom('nightly', 'a', 'nobody'),
        namePrefix: fc.constantFrom('', 'n', 'nightly', 'release', 'x'),
        labels: fc.array(labels, { maxLength: 2 }),
        since: times,
        until: times,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 20 }), async (filter, limit) => {
        const found = await listAll(open, filter, limit);
        expect(found.map(({ uid }) => uid)).to.eql(all.filter((run) => matches(filter, run)).map(({ uid }) => uid));
      }),
      { numRuns: 150 },
    );
  });

  it('counts the runs of the instance by status, and those of a filter if that takes one read', async () => {
    const fresh = await openStore();
    for (const becomes of ['failed', 'failed', 'running', 'successful'] as const)
      await make(fresh, { becomes, name: 'n' });
    await make(fresh, { labels: { team: 'core' } });
    const counts = { PENDING: 1, RUNNING: 1, SUCCESSFUL: 1, FAILED: 2, CANCELED: 0 };
    expect(await fresh.store.runs.countRuns()).to.eql(counts);
    const totalOf = async (filter: RunFilter) => (await fresh.store.runs.listRuns({ filter, limit: 1 })).total;
    expect(await totalOf({})).to.equal(5);
    expect(await totalOf({ name: 'n' })).to.equal(4);
    expect(await totalOf({ namePrefix: '' })).to.equal(4);
    expect(await totalOf({ statuses: ['FAILED', 'RUNNING'] })).to.equal(3);
    expect(await totalOf({ statuses: ['PENDING', 'RUNNING'] })).to.equal(2);
    expect(await totalOf({ labels: [{ key: 'team', value: 'core' }] })).to.equal(1);
    for (const filter of [
      { statuses: ['PENDING' as const] },
      { labels: [{ key: 'team' }] },
      { name: 'n', statuses: ['FAILED' as const] },
    ])
      expect(await totalOf(filter), JSON.stringify(filter)).to.be.undefined;
    await fresh.close();
  });

  it('examines at most 2,000 runs for a page, and then says where to go on', async () => {
    const fresh = await openStore();
    const oldest = await make(fresh, { labels: { rare: '' } });
    for (let made = 0; made < 2_100; made += 300) await Promise.all(Array.from({ length: 300 }, () => make(fresh)));
    const asked = { filter: { labels: [{ key: 'rare' }] }, limit: 20 };
    const pages: RunUid[][] = [];
    for (let before: number | undefined; ;) {
      const { runs, next } = await fresh.store.runs.listRuns({ ...asked, ...(before === undefined ? {} : { before }) });
      pages.push(runs.map(({ uid }) => uid));
      if (next === undefined) break;
      expect(before === undefined || next < before).to.be.true;
      before = next;
    }
    expect(pages.length).to.be.at.least(2);
    expect(pages.flat()).to.eql([oldest]);
    await fresh.close();
  });

  it('finds runs by time though the clock of Redis was set back by a minute', async () => {
    const fresh = await openStore();
    const uids: RunUid[] = [];
    for (const offset of [0, 90_000, 31_000, 95_000, 200_000]) {
      await setClock(fresh.redis.url, offset);
      uids.push(await make(fresh));
    }
    const all = await fresh.store.runs.getRuns(uids.toReversed());
    for (const { createdAt } of all) {
      for (const filter of [
        { since: createdAt },
        { until: createdAt },
        { since: createdAt, until: createdAt + 60_000 },
      ])
        expect(await listAll(fresh, filter, 2), JSON.stringify(filter)).to.eql(
          all.filter((run) => matches(filter, run)),
        );
    }
    await fresh.close();
  });

  it('scans the runs if very many names have the prefix', async () => {
    const fresh = await openStore();
    for (let at = 0; at < 70; at += 1) await make(fresh, { name: `build-${String(at)}` });
    await make(fresh, { name: 'other' });
    expect(await listAll(fresh, { namePrefix: 'build-' })).to.have.length(70);
    expect((await listAll(fresh, { namePrefix: 'build-1' })).map(({ name }) => name)).to.have.length(11);
    expect(await fresh.client.zcard(keys.names)).to.equal(71);
    await fresh.close();
  });
});
