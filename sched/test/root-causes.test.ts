import { expect } from 'chai';
import { jobExplanationSchema } from '@chainr/core/api/contract/explanation-resource';
import { runSchema } from '@chainr/core/api/contract/run-resource';
import { retryPolicy } from '@chainr/core/engine/retries';
import type { OutcomeReason } from '@chainr/core/engine/outcome';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const waitsFor = (...dependsOn: unknown[]) => ({ ...job, dependsOn });
const onFailure = (name: string) => ({ job: name, conditions: { failure: true } });

describe('why', () => {
  let sched: OpenSched;
  before(async () => (sched = await openSched()));
  after(() => sched.close());

  const why = async (uid: string, name: string) =>
    jobExplanationSchema.parse(await (await sched.get(`/api/runs/${uid}/jobs/${name}/why`)).json());
  const sentence = async (uid: string, name: string) => (await why(uid, name)).sentence;
  const facts = async (uid: string, name: string, kind: string) =>
    (await why(uid, name)).facts.filter((each) => each.kind === kind).map(({ text }) => text);
  const send = (path: string, body?: unknown) =>
    fetch(`${sched.url}/api/runs/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  async function end(uid: string, index: number, reason: OutcomeReason = 'Completed', attempt = 1): Promise<void> {
    const lease = await sched.worker.claim(uid, index, attempt);
    await sched.worker.log(lease, [{ text: 'a line' }], true);
    await sched.worker.finish(lease, reason, reason === 'Completed' ? 0 : 3);
    await sched.worker.close(lease);
  }

  describe('names the root cause of a skip', () => {
    it('at the end of a chain, and every link of it', async () => {
      const uid = await sched.create({ build: job, test: waitsFor('build'), pack: waitsFor('test'), ship: waitsFor('pack'), tell: waitsFor('ship') }); // prettier-ignore
      await end(uid, 0, 'ExitCode');
      expect(await sentence(uid, 'test')).to.equal(
        'It was skipped because build is FAILED and it runs only on success.',
      );
      expect(await sentence(uid, 'pack')).to.equal(
        'It was skipped because build is FAILED and test, which it depends on, runs only on success.',
      );
      expect(await sentence(uid, 'tell')).to.equal(
        'It was skipped because build is FAILED and test, which it depends on through ship, pack, runs only on success.',
      );
      expect(await facts(uid, 'tell', 'dependency')).to.deep.equal([
        'build is FAILED, but the condition for test is success. Ended with exit code 3.',
        'test is SKIPPED, but the condition for pack is success. A dependency did not meet its conditions.',
        'pack is SKIPPED, but the condition for ship is success. A dependency was skipped.',
        'ship is SKIPPED, but the condition is success. A dependency was skipped.',
      ]);
    });

    it('of a diamond, once', async () => {
      const uid = await sched.create({ build: job, left: waitsFor('build'), right: waitsFor('build'), last: waitsFor('left', 'right') }); // prettier-ignore
      await end(uid, 0, 'ExitCode');
      expect(await sentence(uid, 'last')).to.match(/^It was skipped because build is FAILED and (left|right), which/);
      const told = await facts(uid, 'last', 'dependency');
      expect(told.filter((text) => text.startsWith('build'))).to.have.length(1);
      expect(told, 'both sides and the root').to.have.length(3);
    });

    it('that came first, if two branches were skipped for different causes', async () => {
      const uid = await sched.create({ one: job, two: job, left: waitsFor('one'), right: waitsFor('two'), last: waitsFor('left', 'right') }); // prettier-ignore
      await end(uid, 1, 'ExitCode');
      await end(uid, 0, 'ExitCode');
      expect(await sentence(uid, 'last')).to.equal(
        'It was skipped because two is FAILED and right, which it depends on, runs only on success.',
      );
    });

    it('that succeeded, if the next job runs only on its failure', async () => {
      const uid = await sched.create({ build: job, alarm: waitsFor(onFailure('build')), page: waitsFor('alarm') });
      await end(uid, 0);
      expect(await sentence(uid, 'page')).to.equal(
        'It was skipped because build is SUCCESSFUL and alarm, which it depends on, runs only on failure.',
      );
    });

    it('that failed before the run was canceled, and the cancel for what it canceled', async () => {
      const uid = await sched.create({ build: job, test: waitsFor('build'), pack: waitsFor('test'), other: job, late: waitsFor('other', onFailure('test')) }); // prettier-ignore
      await end(uid, 0, 'ExitCode');
      await send(`${uid}/cancel`);
      expect(await sentence(uid, 'pack')).to.match(/^It was skipped because build is FAILED/);
      expect(await sentence(uid, 'late')).to.match(/^It was skipped because build is FAILED and test, which/);
      expect(await sentence(uid, 'other')).to.equal('Was canceled.');
      expect((await facts(uid, 'other', 'run'))[0]).to.match(/^A cancel of the run was requested at /);
      for (const before of ['build', 'test', 'pack', 'late']) expect(await facts(uid, before, 'run')).to.deep.equal([]);
    });

    it('in a rerun that reused the chain', async () => {
      const uid = await sched.create({
        build: job,
        alarm: waitsFor(onFailure('build')),
        page: waitsFor('alarm'),
        other: job,
      });
      await end(uid, 0);
      await end(uid, 3, 'ExitCode');
      const again = runSchema.parse(await (await send(`${uid}/rerun`)).json()).metadata.uid;
      expect(await sentence(again, 'page')).to.equal(
        'It was skipped because build is SUCCESSFUL and alarm, which it depends on, runs only on failure.',
      );
    });

    it('in a rerun in which the cause is another one', async () => {
      const uid = await sched.create({ build: job, test: waitsFor('build'), pack: waitsFor('test') });
      await end(uid, 0, 'ExitCode');
      const again = runSchema.parse(await (await send(`${uid}/rerun`)).json()).metadata.uid;
      await end(again, 0);
      await end(again, 1, 'ExitCode');
      expect(await sentence(again, 'pack')).to.equal(
        'It was skipped because test is FAILED and it runs only on success.',
      );
    });
  });

  describe('says what the last failure was', () => {
    const policy = retryPolicy({ limit: 3, backoff: { initialMs: 60_000 } });
    const failAgain = async (uid: string) => {
      const lease = await sched.worker.claim(uid, 0);
      const outcome = { reason: 'ExitCode', exitCode: 7 } as const;
      const reply = await sched.store.transitions.retry(lease, outcome, {}, { removalGraceMs: 0, retries: policy });
      expect(reply).to.equal('ok');
    };

    it('of a job in its backoff, and how much of it is left', async () => {
      const uid = await sched.create({ a: { ...job, retries: { limit: 3, backoff: { initial: '1m' } } } });
      await failAgain(uid);
      expect(await sentence(uid, 'a')).to.match(
        /^Attempt 1 failed \(ExitCode\); the next one starts in 1m, retry 1 of 3\. Time left: (1m00s|[\d.]+s)\.$/,
      );
    });

    it('of a job that was canceled in its backoff', async () => {
      const uid = await sched.create({ a: { ...job, retries: { limit: 3, backoff: { initial: '1m' } } } });
      await failAgain(uid);
      await send(`${uid}/cancel`);
      expect(await sentence(uid, 'a')).to.equal(
        'Was canceled. It was waiting to start again; attempt 1 was FAILED, ExitCode: Ended with exit code 7.',
      );
      expect(await facts(uid, 'a', 'attempts')).to.deep.equal([
        'Attempt 1 was FAILED, ExitCode: Ended with exit code 7.',
      ]);
      expect(await facts(uid, 'a', 'outcome'), 'the cancel has no exit code').to.deep.equal([]);
    });

    it('of a job that the timeout of its run ended in its backoff', async () => {
      const made = await sched.post({ kind: 'Pipeline', timeout: '1ms', jobs: { a: job } });
      const uid = runSchema.parse(await made.json()).metadata.uid;
      await failAgain(uid);
      await sched.store.transitions.expire();
      expect(await sentence(uid, 'a')).to.match(/attempt 1 was FAILED, ExitCode: Ended with exit code 7\.$/);
    });

    it('of a job that was canceled during its next attempt', async () => {
      const uid = await sched.create({ a: job });
      await sched.worker.requeue(await sched.worker.claim(uid, 0));
      const lease = await sched.worker.claim(uid, 0, 2);
      await send(`${uid}/cancel`);
      await sched.worker.finish(lease, 'Signal', 143);
      expect(await sentence(uid, 'a')).to.equal('Was canceled.');
      expect(await facts(uid, 'a', 'outcome')).to.deep.equal(['Exit code 143.']);
      expect(await facts(uid, 'a', 'attempts')).to.have.length(1);
    });
  });

  describe('of a reused job', () => {
    const reran = async () => {
      const uid = await sched.create({ a: job, b: waitsFor('a') });
      await end(uid, 0);
      await end(uid, 1, 'ExitCode');
      const again = runSchema.parse(await (await send(`${uid}/rerun`)).json()).metadata.uid;
      return { uid, again };
    };

    it('says where its log is', async () => {
      const { uid, again } = await reran();
      expect(await facts(again, 'a', 'outcome')).to.deep.equal([
        `Attempt 1 of the run ${uid} ran it; its log is still stored.`,
      ]);
    });

    it('says that the log was deleted with its run', async () => {
      const { uid, again } = await reran();
      expect((await sched.delete(`/api/runs/${uid}`)).status).to.equal(200);
      expect(await facts(again, 'a', 'outcome')).to.deep.equal([
        `Attempt 1 of the run ${uid} ran it; that run was deleted together with its log.`,
      ]);
    });

    it('says that the logs of its run were removed earlier', async () => {
      const { uid, again } = await reran();
      await sched.store.removals.removeLogs(uid);
      expect(await facts(again, 'a', 'outcome')).to.deep.equal([
        `Attempt 1 of the run ${uid} ran it; the logs of that run were removed.`,
      ]);
    });
  });
});
