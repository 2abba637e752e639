import { expect } from 'chai';
import { bulkResultSchema } from '@chainr/core/api/contract/bulk-resource';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { jobExplanationSchema } from '@chainr/core/api/contract/explanation-resource';
import { jobResourceSchema } from '@chainr/core/api/contract/job-resource';
import { runListSchema, runSchema } from '@chainr/core/api/contract/run-resource';
import { RunStore } from '@chainr/core/store/runs/run-store';
import { statusAndReason } from '@chainr/testkit/statuses';
import { PipelineReader } from '../src/pipelines/pipeline-reader.js';
import { openSched, type OpenSched } from './open-sched.js';

const job = { image: 'busybox', run: 'exit 0' };
const none = '01990000-0000-7000-8000-00000000dead';

describe('acting on runs', () => {
  let sched: OpenSched;

  before(async () => {
    sched = await openSched();
  });

  after(() => sched.close());

  const send = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${sched.url}/api/runs/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const runOf = async (response: Response, status: number) => {
    expect(response.status).to.equal(status);
    return runSchema.parse(await response.json());
  };
  const refused = async (response: Response, status: number) => {
    expect(response.status).to.equal(status);
    return errorBodySchema.parse(await response.json());
  };
  const getJob = async (uid: string, name: string) =>
    jobResourceSchema.parse(await (await sched.get(`/api/runs/${uid}/jobs/${name}`)).json());
  const why = async (uid: string, name: string) =>
    jobExplanationSchema.parse(await (await sched.get(`/api/runs/${uid}/jobs/${name}/why`)).json());
  async function end(uid: string, index: number, reason: 'Completed' | 'ExitCode', attempt = 1): Promise<void> {
    const lease = await sched.worker.claim(uid, index, attempt);
    await sched.worker.log(lease, [{ text: `line of job ${String(index)}` }], true);
    await sched.worker.finish(lease, reason, reason === 'Completed' ? 0 : 3);
    await sched.worker.close(lease);
  }

  describe('cancel', () => {
    it('ends waiting jobs at once, and leaves running ones to their worker', async () => {
      const uid = await sched.create({ a: job, b: { ...job, dependsOn: ['a'] } });
      const lease = await sched.worker.claim(uid, 0);
      const run = await runOf(await send(`${uid}/cancel`), 200);
      expect(run.status).to.equal('RUNNING');
      expect(run.metadata.cancelRequestedAt).to.be.a('string');
      expect(run.jobs.map(statusAndReason)).to.deep.equal(['RUNNING Canceling', 'CANCELED CanceledByUser']);
      await sched.worker.finish(lease, 'Signal', 143);
      const ended = runSchema.parse(await (await sched.get(`/api/runs/${uid}`)).json());
      expect([ended.status, ended.jobs[0]?.status]).to.deep.equal(['CANCELED', 'CANCELED']);
    });

    it('does not change a run that is final or canceled', async () => {
      const uid = await sched.create({ a: job });
      await end(uid, 0, 'Completed');
      const run = await runOf(await send(`${uid}/cancel`, {}), 200);
      expect([run.status, run.metadata.cancelRequestedAt]).to.deep.equal(['SUCCESSFUL', undefined]);
      const other = await sched.create({ a: job });
      const first = await runOf(await send(`${other}/cancel`), 200);
      const again = await runOf(await send(`${other}/cancel`), 200);
      expect(again).to.deep.equal(first);
    });

    it('refuses unknown runs', async () => {
      expect((await refused(await send(`${none}/cancel`), 404)).message).to.match(/no run/);
      const uid = await sched.create({ a: job });
      expect((await refused(await send(`${uid}/cancel`, { force: true }), 400)).message).to.match(/force/);
      expect((await refused(await send(`${uid}/cancel`, '{'), 400)).message).to.match(/not JSON/);
    });
  });

  describe('retry of a job', () => {
    const jobs = { a: job, b: { ...job, dependsOn: ['a'] }, hold: job };

    it('makes a new attempt, and skipped jobs wait again', async () => {
      const uid = await sched.create(jobs);
      await end(uid, 0, 'ExitCode');
      expect((await getJob(uid, 'b')).status).to.equal('SKIPPED');
      const response = await send(`${uid}/jobs/a/retry`);
      expect(response.status).to.equal(202);
      const reopened = jobResourceSchema.parse(await response.json());
      expect(reopened).to.include({ status: 'PENDING', reason: 'Queued' });
      expect(reopened.attempts.map(({ status }) => status)).to.deep.equal(['FAILED']);
      expect((await getJob(uid, 'b')).reason).to.equal('WaitingForDependencies');
      await end(uid, 0, 'Completed', 2);
      await end(uid, 1, 'Completed');
      await end(uid, 2, 'Completed');
      expect(runSchema.parse(await (await sched.get(`/api/runs/${uid}`)).json()).status).to.equal('SUCCESSFUL');
    });

    it('is refused with a message that says what to do', async () => {
      const uid = await sched.create({ ...jobs, 'on-failure': { ...job, dependsOn: [{ job: 'a', conditions: { failure: true } }] } }); // prettier-ignore
      expect((await refused(await send(`${uid}/jobs/a/retry`), 409)).message).to.match(/"a" is PENDING; only a FAILED/);
      await end(uid, 0, 'ExitCode');
      await sched.worker.claim(uid, 3);
      const begun = await refused(await send(`${uid}/jobs/a/retry`), 409);
      expect(begun.message).to.match(/"on-failure" depends on "a" and has already started: rerun the run from "a"/);
      await send(`${uid}/cancel`);
      expect((await refused(await send(`${uid}/jobs/a/retry`), 409)).message).to.match(/The run is ending: rerun/);
      const ended = await sched.create({ a: job });
      await end(ended, 0, 'ExitCode');
      expect((await refused(await send(`${ended}/jobs/a/retry`), 409)).message).to.match(/cannot change any more/);
      expect((await refused(await send(`${ended}/jobs/x/retry`), 404)).message).to.match(/no job "x"/);
    });

    it('waits no longer than two seconds for the log of the attempt that failed', async () => {
      const uid = await sched.create({ a: job, hold: job });
      const lease = await sched.worker.claim(uid, 0);
      await sched.worker.finish(lease, 'ExitCode', 1);
      expect((await refused(await send(`${uid}/jobs/a/retry`), 409)).message).to.match(/log of "a" is still/);
    });
  });

  describe('rerun', () => {
    it('reuses successful jobs, with their logs, and runs the rest', async () => {
      const uid = await sched.create({ a: job, b: { ...job, dependsOn: ['a'] }, c: { ...job, dependsOn: ['b'] } });
      await end(uid, 0, 'Completed');
      await end(uid, 1, 'ExitCode');
      const response = await send(`${uid}/rerun`);
      const run = await runOf(response, 202);
      expect(run.metadata.rerunOf).to.equal(uid);
      expect(response.headers.get('location')).to.equal(run.metadata.selfLink);
      expect(run.jobs.map(statusAndReason)).to.deep.equal([
        'SUCCESSFUL Reused',
        'PENDING Queued',
        'PENDING WaitingForDependencies',
      ]);
      const again = run.metadata.uid;
      expect((await getJob(again, 'a')).reusedFrom).to.deep.equal({ run: uid, attempt: 1 });
      expect(await (await sched.get(`/api/runs/${again}/jobs/a/logs`)).text()).to.equal('line of job 0\n');
      expect((await why(again, 'a')).facts[0]?.text).to.contain(uid);
      await end(again, 1, 'ExitCode');
      const third = await runOf(await send(`${again}/rerun`, { from: ['b'] }), 202);
      expect((await getJob(third.metadata.uid, 'a')).reusedFrom, 'the attempt that truly ran').to.deep.equal({
        run: uid,
        attempt: 1,
      });
      await end(third.metadata.uid, 1, 'Completed');
      await end(third.metadata.uid, 2, 'Completed');
      const ended = runSchema.parse(await (await sched.get(third.metadata.selfLink)).json());
      expect([ended.status, ended.jobCounts.SUCCESSFUL]).to.deep.equal(['SUCCESSFUL', 3]);
    });

    it('makes one run per idempotency key, and none for another body', async () => {
      const uid = await sched.create({ a: job });
      await end(uid, 0, 'ExitCode');
      const key = { 'Idempotency-Key': 'again' };
      const [first, second] = [await send(`${uid}/rerun`, {}, key), await send(`${uid}/rerun`, {}, key)];
      expect((await runOf(second, 202)).metadata.uid).to.equal((await runOf(first, 202)).metadata.uid);
      await refused(await send(`${uid}/rerun`, { from: 'all' }, key), 409);
    });

    it('answers with the run of a key after the original is deleted, and 410 after it is deleted itself', async () => {
      const uid = await sched.create({ a: job });
      await end(uid, 0, 'ExitCode');
      const key = { 'Idempotency-Key': 'original-gone' };
      const made = await runOf(await send(`${uid}/rerun`, {}, key), 202);
      expect((await sched.delete(`/api/runs/${uid}`)).status).to.equal(200);
      const replayed = await runOf(await send(`${uid}/rerun`, {}, key), 202);
      expect(replayed.metadata.uid).to.equal(made.metadata.uid);
      await refused(await send(`${uid}/rerun`, { from: 'all' }, key), 409);
      await refused(await send(`${uid}/rerun`, {}, { 'Idempotency-Key': 'another' }), 404);
      await end(made.metadata.uid, 0, 'Completed');
      expect((await sched.delete(`/api/runs/${made.metadata.uid}`)).status).to.equal(200);
      expect((await refused(await send(`${uid}/rerun`, {}, key), 410)).code).to.equal('Gone');
    });

    it('lists every mistake, and says why a rerun is impossible', async () => {
      const uid = await sched.create({ build: job, test: job });
      await end(uid, 0, 'Completed');
      const names = await refused(await send(`${uid}/rerun`, { from: ['biuld', 'test', 'x'] }), 400);
      expect(names.details.map(({ path }) => path)).to.deep.equal(['from[0]', 'from[2]']);
      expect(names.details[0]?.message).to.contain('did you mean "build"');
      await refused(await send(`${uid}/rerun`, { from: 'some' }), 400);
      expect((await refused(await send(`${uid}/rerun`, {}), 409)).message).to.match(/No job of the run FAILED/);
      expect((await refused(await send(`${uid}/rerun`, { from: ['build'] }), 409)).message).to.match(
        /"test" is PENDING/,
      );
      await refused(await send(`${none}/rerun`), 404);
    });

    it('of a run with more jobs than one call stores is like that of a small one', async () => {
      const jobs = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`j-${String(at)}`, job]));
      const uid = await sched.create({ ...jobs, last: { ...job, dependsOn: ['j-0', 'j-399'] } });
      await end(uid, 0, 'ExitCode');
      await send(`${uid}/cancel`);
      // Suggestions have a cost limit, so not each of the 100 mistakes has one.
      const unknown = await refused(
        await send(`${uid}/rerun`, { from: Object.keys(jobs).map((name) => `${name}0000`) }),
        400,
      );
      expect(unknown.details).to.have.length(101);
      const meant = unknown.details.filter(({ message }) => message.includes('did you mean'));
      expect(meant).to.have.length.within(1, 74);
      const run = await runOf(await send(`${uid}/rerun`, { from: 'failed' }), 202);
      expect(run.jobCounts).to.include({ PENDING: 401, SUCCESSFUL: 0 });
      await end(run.metadata.uid, 0, 'Completed');
      await end(run.metadata.uid, 399, 'Completed');
      await send(`${run.metadata.uid}/cancel`);
      const again = await runOf(await send(`${run.metadata.uid}/rerun`), 202);
      expect(again.jobCounts).to.include({ PENDING: 399, SUCCESSFUL: 2 });
      expect((await getJob(again.metadata.uid, 'last')).reason).to.equal('Queued');
    });
  });

  describe('many runs at once', () => {
    const bulkOf = async (response: Response) => bulkResultSchema.parse(await response.json());
    const named = (name: string) => sched.post({ kind: 'Pipeline', metadata: { name }, jobs: { a: job } });
    const uidOf = async (response: Response) => runSchema.parse(await response.json()).metadata.uid;

    /** Counts the pipelines that the service reads from now on, and the most that wait or are read at once. */
    /** Counts the compiled pipelines that are read, and the sources that are read again. */
    const watchReads = () => {
      const getCompiled = Reflect.get(RunStore.prototype, 'getCompiled');
      const read = Reflect.get(PipelineReader.prototype, 'read');
      const seen = { count: 0, mostAtOnce: 0, sources: 0 };
      let under = 0;
      RunStore.prototype.getCompiled = async function (this: RunStore, uid) {
        seen.count += 1;
        under += 1;
        seen.mostAtOnce = Math.max(seen.mostAtOnce, under);
        return getCompiled.call(this, uid).finally(() => (under -= 1));
      };
      PipelineReader.prototype.read = async function (this: PipelineReader, sent) {
        seen.sources += 1;
        return read.call(this, sent);
      };
      const end = () => {
        RunStore.prototype.getCompiled = getCompiled;
        PipelineReader.prototype.read = read;
        return seen;
      };
      return { end };
    };

    it('are canceled by a filter, and only counted in a dry run', async () => {
      const uids = [await uidOf(await named('many')), await uidOf(await named('many'))];
      const ended = await uidOf(await named('many'));
      await end(ended, 0, 'Completed');
      const dry = await bulkOf(await send('cancel?name=many&dryRun=true'));
      expect(dry).to.include({ dryRun: true, matched: 3, done: 2 });
      expect(dry.skipped).to.deep.equal([{ uid: ended, message: 'The run is SUCCESSFUL already.' }]);
      expect(await (await sched.get(`/api/runs/${uids[0] ?? ''}`)).text()).to.contain('"status":"PENDING"');
      expect(await bulkOf(await send('cancel?name=many'))).to.include({ dryRun: false, done: 2 });
      for (const uid of uids)
        expect(await (await sched.get(`/api/runs/${uid}`)).text()).to.contain('"status":"CANCELED"');
    });

    it('are rerun by a filter, once for one idempotency key', async () => {
      const uid = await uidOf(await named('again'));
      await end(uid, 0, 'ExitCode');
      const good = await uidOf(await named('again'));
      await end(good, 0, 'Completed');
      const key = { 'Idempotency-Key': 'rerun-many' };
      const result = await bulkOf(await send('rerun?name=again&status=FAILED,SUCCESSFUL', {}, key));
      expect(result).to.include({ matched: 2, done: 1 });
      expect(result.skipped[0]?.message).to.match(/No job of the run FAILED/);
      await bulkOf(await send('rerun?name=again&status=FAILED', {}, key));
      const { items } = runListSchema.parse(await (await sched.get('/api/runs?name=again')).json());
      expect(items.map(({ metadata }) => metadata.rerunOf)).to.deep.equal([uid, undefined, undefined]);
    });

    it('are rerun, every one, though large, and only a few at once', async function () {
      this.timeout(60_000);
      const pipeline = JSON.stringify({ kind: 'Pipeline', metadata: { name: 'wide' }, jobs: { a: job } });
      const body = pipeline.replace(',', `,${' '.repeat(8_000_000)}`);
      const sources: string[] = [];
      for (let count = 0; count < 12; count += 1) {
        const headers = { 'Content-Type': 'application/json' };
        sources.push(await uidOf(await fetch(`${sched.url}/api/runs`, { method: 'POST', headers, body })));
      }
      await bulkOf(await send('cancel?name=wide'));
      const reads = watchReads();
      const result = await bulkOf(await send('rerun?name=wide', { from: 'all' }));
      const { count, mostAtOnce, sources: sourcesRead } = reads.end();
      expect(count).to.equal(12);
      expect(sourcesRead).to.equal(0);
      expect(mostAtOnce).to.be.at.most(4);
      expect(result).to.include({ matched: 12, done: 12 }).and.not.have.property('stopped');
      expect(result.made?.map(({ rerunOf }) => rerunOf)).to.have.members(sources);
    });

    it('are refused without a filter, and with a wrong one', async () => {
      expect((await refused(await send('cancel'), 400)).message).to.match(/selects no runs/);
      await refused(await send('cancel?status=DONE'), 400);
      await refused(await send('rerun?name=x', { from: ['a'] }), 400);
    });
  });

  describe('why', () => {
    it('names the dependencies that the job waits for', async () => {
      const uid = await sched.create({ a: job, b: job, c: { ...job, dependsOn: ['a', 'b'] } });
      await end(uid, 0, 'Completed');
      const { sentence, facts } = await why(uid, 'c');
      expect(sentence).to.equal('It waits for one job to end: b (Queued).');
      expect(facts.map(({ kind }) => kind)).to.deep.equal(['dependency', 'dependency']);
    });

    it('says that there is no worker', async () => {
      const uid = await sched.create({ a: job });
      expect((await why(uid, 'a')).sentence).to.match(/its pool fake has no worker \(no pool has one\)/);
    });

    it('names the pool that has no worker, and those that have some', async () => {
      const uid = await sched.create({ a: { ...job, pool: 'gpu' }, b: job });
      const card = { host: 'here', executor: 'fake', executorId: 'fake:test', capacity: 1, running: 0 } as const;
      const whyNot = async (name: string) =>
        (await why(uid, name)).sentence.replace(/ for .*?:|, \d+ messages? before.*(?=\.$)/g, (part) =>
          part.endsWith(':') ? ':' : '',
        );
      await sched.store.workers.show({ ...card, id: 'one', pool: 'fake' });
      expect(await whyNot('a')).to.equal('It has been ready: its pool gpu has no worker (pools with workers: fake).');
      expect(await whyNot('b')).to.equal('It has been ready: a worker will take it in a moment.');
      await sched.store.workers.show({ ...card, id: 'two', pool: 'big' });
      expect(await whyNot('a')).to.equal(
        'It has been ready: its pool gpu has no worker (pools with workers: big, fake).',
      );
      expect((await why(uid, 'a')).facts.map(({ text }) => text)).to.include(
        'No worker serves the pool gpu: start one with CHAINR_POOL=gpu, or name another pool.',
      );
      await sched.store.workers.show({ ...card, id: 'three', pool: 'gpu' });
      expect(await whyNot('a')).to.equal('It has been ready: a worker will take it in a moment.');
      for (const id of ['one', 'two', 'three']) await sched.store.workers.forget(id);
    });

    it('names the dependency that caused a skip, and the step that failed', async () => {
      const uid = await sched.create({ a: job, b: { ...job, dependsOn: ['a'] }, c: { ...job, dependsOn: ['b'] } });
      await end(uid, 0, 'ExitCode');
      expect((await why(uid, 'b')).sentence).to.equal(
        'It was skipped because a is FAILED and it runs only on success.',
      );
      expect((await why(uid, 'c')).sentence).to.equal(
        'It was skipped because a is FAILED and b, which it depends on, runs only on success.',
      );
      expect((await why(uid, 'a')).facts[0]?.text).to.equal('Exit code 3.');
    });

    it('names the jobs that hold the slots, and how many come first', async () => {
      const created = await sched.post({ kind: 'Pipeline', maxParallel: 1, jobs: { a: job, b: job, c: job } });
      const { uid } = runSchema.parse(await created.json()).metadata;
      await sched.worker.claim(uid, 0);
      const { sentence, facts } = await why(uid, 'c');
      expect(sentence).to.equal(
        'It waits for a slot: 1 of 1 are taken, and 1 job of the run is ahead of it; its pool fake has no worker (no pool has one).',
      );
      expect(facts[0]?.text).to.contain('held by a');
    });

    it('says what holds a job back in a pool without workers, and that its slots are not taken', async () => {
      const gone = { ...job, pool: 'gone' };
      const created = await sched.post({
        kind: 'Pipeline',
        maxParallel: 1,
        jobs: { a: gone, b: gone, c: job, d: job },
      });
      const { uid } = runSchema.parse(await created.json()).metadata;
      const card = { id: 'one', host: 'here', executor: 'fake', executorId: 'fake:test', capacity: 1, running: 0, pool: 'fake' } as const; // prettier-ignore
      await sched.store.workers.show(card);
      const sentence = async (name: string) => (await why(uid, name)).sentence.replace(/(?<=ready) for .*?(?=:)|, \d+ messages? before.*(?=\.$)/g, ''); // prettier-ignore
      const dead = 'its pool gone has no worker (pools with workers: fake)';
      expect(await sentence('a')).to.equal(`It has been ready: ${dead}.`);
      expect(await sentence('b')).to.equal(`It waits for a slot: 0 of 1 are taken, and 1 job of the run is ahead of it; ${dead}.`); // prettier-ignore
      expect((await why(uid, 'b')).facts.map(({ text }) => text)).to.eql([
        'No slot of the run (maxParallel) is held.',
        '1 job of the run is in the queue of the pool gone, and may take the next slots.',
        'No worker serves the pool gone: start one with CHAINR_POOL=gone, or name another pool.',
      ]);
      await sched.worker.claim(uid, 2);
      expect(await sentence('a')).to.equal(`It has been ready: ${dead}.`);
      expect((await why(uid, 'a')).facts.map(({ text }) => text)).to.include('The slots of the run (maxParallel) are held by c.'); // prettier-ignore
      expect(await sentence('b')).to.equal(`It waits for a slot: 1 of 1 are taken, and 1 job of the run is ahead of it; ${dead}.`); // prettier-ignore
      expect(await sentence('d')).to.equal('It waits for a slot: 1 of 1 are taken.');
      await sched.store.workers.show({ ...card, id: 'two', pool: 'gone' });
      expect(await sentence('a')).to.equal('It has been ready: all slots of its run are taken (maxParallel is 1).');
      for (const id of ['one', 'two']) await sched.store.workers.forget(id);
    });

    it('says how many jobs of its own pool are ahead of one that waits for its turn', async () => {
      const dead = Object.fromEntries(Array.from({ length: 1_100 }, (_, at) => [`dead-${String(at)}`, { ...job, pool: 'gone' }])); // prettier-ignore
      const uid = await sched.create({ ...dead, last: job });
      expect((await why(uid, 'dead-1099')).facts[0]?.text).to.match(/^It waits in its run, behind \d+ jobs: a run has at most 1,000 jobs in the queue of a pool\.$/); // prettier-ignore
      expect((await why(uid, 'last')).facts[0]?.text).to.not.match(/waits in its run/);
    });

    it('says since when the job runs, and what was requested', async () => {
      const uid = await sched.create({ a: job });
      await sched.worker.claim(uid, 0);
      expect((await why(uid, 'a')).facts.map(({ kind }) => kind)).to.deep.equal(['phase', 'phase']);
      await send(`${uid}/cancel`);
      expect((await why(uid, 'a')).facts.at(-1)?.text).to.match(/cancel of the run was requested/);
    });
  });
});
