import { expect } from 'chai';
import { createLogger } from '@chainr/core/service/logger';
import { StoreFull } from '@chainr/core/store/redis/errors';
import { bulk } from '../src/runs/bulk.js';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };

describe('an operation on many runs', () => {
  let sched: OpenSched;
  const logged: Record<string, unknown>[] = [];
  const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger('test', 'info', { write });
  const query = { all: true, dryRun: false };

  beforeEach(async () => {
    sched = await openSched();
    logged.length = 0;
  });

  afterEach(() => sched.close());

  /** Newest first, the order of bulk operations. */
  async function createRuns(count: number): Promise<string[]> {
    const uids: string[] = [];
    for (let at = 0; at < count; at += 1) uids.unshift(await sched.create({ a: job }));
    return uids;
  }

  it('reports what was done before Redis went away, and where to continue', async () => {
    const uids = await createRuns(150);
    const canceled: string[] = [];
    let left = 100;
    const cancel = async ({ uid }: { uid: string }) => {
      left -= 1;
      if (left === 0) await sched.redis.stop();
      await sched.store.transitions.cancel(uid);
      canceled.push(uid);
      return undefined;
    };
    const verb = { refuse: () => undefined, act: cancel };
    const first = await bulk({ store: sched.store, logger }, query, verb);
    expect(first).to.include({ stopped: 'Redis is away; try again soon.', done: canceled.length });
    expect(first.matched).to.equal(first.done);
    expect(canceled.length).to.be.within(64, 128);
    // An interrupted batch is repeated: the next request continues after the last complete 64.
    const begun = uids.indexOf(canceled[63] ?? '');
    expect(begun).to.be.within(0, 63);
    expect(Number(first.next)).to.equal(150 - 64 + 1);
  });

  it('continues where it stopped', async () => {
    const uids = await createRuns(130);
    let full = true;
    const acted = new Map<string, number>();
    const verb = {
      refuse: () => undefined,
      act: async ({ uid }: { uid: string }) => {
        if (full && uid === uids[100]) throw new StoreFull('OOM');
        acted.set(uid, (acted.get(uid) ?? 0) + 1);
        return { made: `of ${uid}` };
      },
    };
    const context = { store: sched.store, logger };
    const first = await bulk(context, query, verb);
    expect(first.stopped).to.match(/^Redis has no room left/);
    expect(first.made).to.have.length(first.done);
    full = false;
    const second = await bulk(context, { ...query, cursor: Number(first.next) }, verb);
    expect(second.stopped).to.equal(undefined);
    expect([...acted.keys()]).to.have.members(uids);
    for (const uid of uids.slice(0, 64)) expect(acted.get(uid), 'not sent again').to.equal(1);
  });

  it('fails as a whole if nothing was done', async () => {
    await createRuns(3);
    const verb = { refuse: () => undefined, act: () => Promise.reject(new StoreFull('OOM')) };
    const failure = await bulk({ store: sched.store, logger }, query, verb).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(StoreFull);
  });

  it('ends at its time limit, and says where to continue', async () => {
    const uids = await createRuns(7);
    const acted: string[] = [];
    let [under, most] = [0, 0];
    const verb = {
      atOnce: 3,
      refuse: () => undefined,
      act: async ({ uid }: { uid: string }) => {
        under += 1;
        most = Math.max(most, under);
        await sched.store.runs.getRun(uid);
        under -= 1;
        acted.push(uid);
        return undefined;
      },
    };
    const results = [];
    for (let cursor: number | undefined; results.length === 0 || cursor !== undefined;) {
      const asked = { ...query, ...(cursor !== undefined && { cursor }) };
      const result = await bulk({ store: sched.store, logger }, asked, verb, { beginMs: 0 });
      results.push(result);
      cursor = result.next === undefined ? undefined : Number(result.next);
    }
    expect(results.map(({ matched, done }) => [matched, done])).to.eql([[3, 3], [3, 3], [1, 1]]); // prettier-ignore
    expect(results.map(({ stopped }) => stopped?.includes('time limit'))).to.eql([true, true, undefined]);
    expect(most).to.equal(3);
    expect(acted).to.have.members(uids);
  });

  it('skips a run that fails because of a bug, and logs the error', async () => {
    const [newest, middle, oldest] = await createRuns(3);
    const verb = {
      refuse: () => undefined,
      act: ({ uid }: { uid: string }) =>
        uid === middle ? Promise.reject(new Error('secret detail')) : Promise.resolve(undefined),
    };
    const result = await bulk({ store: sched.store, logger }, query, verb);
    expect(result).to.deep.include({ matched: 3, done: 2 });
    expect(result.skipped).to.deep.equal([{ uid: middle, message: 'Internal error; see the logs of chainr.' }]);
    expect(logged).to.have.length(1);
    expect(logged[0]).to.include({ level: 'error', run: middle });
    expect([newest, oldest]).to.not.include(undefined);
  });
});
