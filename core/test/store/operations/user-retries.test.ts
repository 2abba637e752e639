import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import fc from 'fast-check';
import type { Outcome } from '../../../src/engine/outcome.js';
import type { RetryPolicy } from '../../../src/engine/retries.js';
import { formatExactDuration, longestDurationMs } from '../../../src/pipeline/duration.js';
import { keys, type Lease } from '../../../src/store/redis/keys.js';

const failed: Outcome = { reason: 'ExitCode', exitCode: 3 };
const lost: Outcome = { reason: 'Lost' };
const hourMs = 3_600_000;

describe("the user's retries", () => {
  let open: OpenStore;
  /** By how much the clock of the scripts is ahead. */
  let offsetMs: number;
  beforeEach(async () => {
    open = await openStore();
    offsetMs = 0;
  });
  afterEach(() => open.close());

  const policy = (some: Partial<RetryPolicy> = {}): RetryPolicy => ({ limit: 3, initialMs: 1_000, factor: 2, maxMs: 300_000, ...some }); // prettier-ignore
  const retry = (lease: Lease, retries: RetryPolicy | undefined, outcome = failed) =>
    open.store.transitions.retry(lease, outcome, {}, { removalGraceMs: 0, ...(retries && { retries }) });
  const forward = (ms: number) => setClock(open.redis.url, (offsetMs += ms));
  const expire = async () => (await open.store.transitions.expire()).due;
  const begin = async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    return { run, lease: await claimJob(open.store, run, 0) };
  };
  const jobOf = async (run: string) => (await open.store.runs.findJob(run, 'a'))!;
  const backoffEnd = async (run: string, attempt: number) =>
    Number(await open.client.zscore(keys.deadlines, `${run}.0.${String(attempt)}.b`));
  /** Fails the attempt, lets the backoff pass, and claims the next attempt. @returns the backoff in ms */
  async function goThrough(lease: Lease, retries: RetryPolicy): Promise<{ backoffMs: number; next: Lease }> {
    const { run, attempt } = lease;
    expect(await retry(lease, retries)).to.equal('ok');
    const endedAt = (await open.store.runs.listAttempts(run, 0)).at(-1)?.phases.endedAt ?? 0;
    const backoffMs = (await backoffEnd(run, attempt + 1)) - endedAt;
    await forward(backoffMs);
    expect(await expire()).to.equal(1);
    return { backoffMs, next: await claimJob(open.store, run, 0, { attempt: attempt + 1 }) };
  }
  async function backoffsOf(retries: RetryPolicy): Promise<number[]> {
    const backoffs: number[] = [];
    let { lease } = await begin();
    for (let left = retries.limit; left > 0; left -= 1) {
      const { backoffMs, next } = await goThrough(lease, retries);
      backoffs.push(backoffMs);
      lease = next;
    }
    expect(await retry(lease, retries)).to.equal('final');
    return backoffs;
  }

  describe('wait', () => {
    it('twice as long each time with a factor of 2', async () => {
      expect(await backoffsOf(policy({ limit: 5 }))).to.eql([1_000, 2_000, 4_000, 8_000, 16_000]);
    });

    it('longer by the factor, in whole milliseconds', async () => {
      expect(await backoffsOf(policy({ initialMs: 101, factor: 1.5, limit: 4 }))).to.eql([101, 151, 227, 340]);
    });

    it('always the same with a factor of 1', async () => {
      expect(await backoffsOf(policy({ initialMs: 700, factor: 1 }))).to.eql([700, 700, 700]);
    });

    it('never longer than the longest', async () => {
      expect(await backoffsOf(policy({ factor: 10, maxMs: 5_000 }))).to.eql([1_000, 5_000, 5_000]);
    });

    it('no longer than the longest if the backoff overflows', async () => {
      expect(await backoffsOf(policy({ initialMs: 60_000, factor: 1e308, maxMs: 60_000 }))).to.eql([60_000, 60_000, 60_000]); // prettier-ignore
    });

    it('24 hours, exact to the second', async () => {
      const { run, lease } = await begin();
      expect(await retry(lease, policy({ initialMs: 24 * hourMs, maxMs: 24 * hourMs }))).to.equal('ok');
      const endsAt = await backoffEnd(run, 2);
      const isOver = async () => {
        await expire();
        return (await jobOf(run)).reason === 'Queued';
      };
      for (const hours of [1, 6, 12]) {
        await forward(hours * hourMs);
        expect(await isOver()).to.be.false;
      }
      await forward(endsAt - (await open.store.now()) - 1_000);
      expect(await isOver(), 'a second before').to.be.false;
      await forward(1_000);
      expect(await isOver(), 'then').to.be.true;
      const { phases } = (await open.store.runs.listAttempts(run, 0))[0]!;
      expect(endsAt - phases.endedAt!).to.equal(24 * hourMs);
      expect(open.inbox.take(run)).to.include(`${run}.0.2`);
    });
  });

  it('say which retry comes, when, and how many there are', async () => {
    const sentences: string[] = [];
    const { run, lease } = await begin();
    let current = lease;
    for (const initialMs of [250, 59_000, 5_400_000, 90_061_000]) {
      expect(await retry(current, policy({ limit: 4, initialMs, factor: 1, maxMs: initialMs }))).to.equal('ok');
      sentences.push((await jobOf(run)).message);
      await forward(initialMs);
      await expire();
      current = await claimJob(open.store, run, 0, { attempt: current.attempt + 1 });
    }
    expect(sentences).to.eql([
      'Attempt 1 failed (ExitCode); the next one starts in 250ms, retry 1 of 4.',
      'Attempt 2 failed (ExitCode); the next one starts in 59s, retry 2 of 4.',
      'Attempt 3 failed (ExitCode); the next one starts in 1h30m, retry 3 of 4.',
      'Attempt 4 failed (ExitCode); the next one starts in 1d1h1m1s, retry 4 of 4.',
    ]);
  });

  it('give the backoff in the form of formatExactDuration', async () => {
    const anyDuration = fc.integer({ min: 1, max: longestDurationMs });
    const waits = [
      1,
      999,
      1_000,
      1_001,
      60_000,
      3_600_000,
      86_400_000,
      longestDurationMs,
      ...fc.sample(anyDuration, 50),
    ];
    const run = await open.create(pipelineOf(Object.fromEntries(waits.map((_, at) => [`job-${String(at)}`, []]))));
    for (const [at, initialMs] of waits.entries())
      await retry(await claimJob(open.store, run, at), policy({ initialMs, maxMs: initialMs }));
    const jobs = await open.store.runs.listJobs(run, { from: 0, limit: waits.length });
    expect(jobs.map(({ message }) => /starts in (.*),/.exec(message)?.[1])).to.eql(waits.map(formatExactDuration));
  });

  it('do not follow in a job without retries, nor with a limit of 0', async () => {
    for (const retries of [undefined, policy({ limit: 0 })]) {
      const { run, lease } = await begin();
      expect(await retry(lease, retries)).to.equal('final');
      await open.store.transitions.finish(lease, failed, {});
      expect(await jobOf(run)).to.include({ status: 'FAILED', reason: 'ExitCode', message: 'Ended with exit code 3.' });
    }
  });

  for (const reason of ['ExitCode', 'Signal', 'OutOfMemory', 'TimedOut'] as const) {
    it(`follow ${reason}`, async () => {
      expect(await retry((await begin()).lease, policy(), { reason })).to.equal('ok');
    });
  }

  for (const reason of ['Completed', 'ConfigError', 'ImagePullFailed', 'PendingTimedOut'] as const) {
    it(`do not follow ${reason}`, async () => {
      expect(await retry((await begin()).lease, policy(), { reason })).to.equal('final');
    });
  }

  it('are not used up by lost attempts, nor the other way round', async () => {
    const { run, lease } = await begin();
    const once = policy({ limit: 1, initialMs: 500 });
    expect(await retry(lease, once, lost)).to.equal('ok');
    expect((await jobOf(run)).message).to.include('starts in 1s, loss 1 of 3');
    await forward(1_000);
    await expire();
    const { backoffMs, next } = await goThrough(await claimJob(open.store, run, 0, { attempt: 2 }), once);
    expect(backoffMs).to.equal(500);
    expect(await retry(next, once)).to.equal('final');
    expect(await retry(next, once, lost)).to.equal('ok');
    expect((await jobOf(run)).message).to.include('starts in 10s, loss 2 of 3');
  });

  it('follow a recorded timeout, whatever the exit code', async () => {
    const { run, lease } = await begin();
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 10_000 });
    await forward(10_000);
    await expire();
    expect(await retry(lease, policy(), { reason: 'Completed', exitCode: 0 })).to.equal('ok');
    expect((await jobOf(run)).message).to.equal(
      'Attempt 1 failed (TimedOut); the next one starts in 1s, retry 1 of 3.',
    );
    const [first] = await open.store.runs.listAttempts(run, 0);
    expect(first).to.include({ status: 'FAILED', reason: 'TimedOut', exitCode: 0 });
    expect(await open.client.zcard(keys.deadlines)).to.equal(1);
  });

  it('do not follow a recorded pendingTimeout, even with an exit code that has retries', async () => {
    const { lease } = await begin();
    await open.store.transitions.report(lease, 'PullingImage', '', {}, { pendingTimeoutMs: 10_000 });
    await forward(10_000);
    await expire();
    expect(await retry(lease, policy())).to.equal('final');
  });

  it('end with the run, also after a timeout', async () => {
    const { run, lease } = await begin();
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 10_000 });
    await forward(10_000);
    await expire();
    await open.store.transitions.cancel(run);
    expect(await retry(lease, policy(), { reason: 'Signal', exitCode: 143 })).to.equal('final');
    await open.store.transitions.finish(lease, { reason: 'Signal', exitCode: 143 }, {});
    expect(await jobOf(run)).to.include({ status: 'FAILED', reason: 'TimedOut' });
    expect((await open.store.runs.getRun(run))?.status).to.equal('CANCELED');
  });

  it('start from the full budget after a retry by hand', async () => {
    const run = await open.create(pipelineOf({ a: [], keeps: [] }));
    const once = policy({ limit: 1 });
    const { next } = await goThrough(await claimJob(open.store, run, 0), once);
    expect(await retry(next, once)).to.equal('final');
    await open.store.transitions.finish(next, failed, {}, { closeGraceMs: 0 });
    expect(await open.store.transitions.reopen(run, 0, [])).to.eql({ kind: 'ok', attempt: 3 });
    const third = await claimJob(open.store, run, 0, { attempt: 3 });
    expect((await goThrough(third, once)).backoffMs).to.equal(1_000);
  });
});
