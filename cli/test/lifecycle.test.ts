import { expect } from 'chai';
import { jobExplanationSchema } from '@chainr/core/api/contract/explanation-resource';
import { jobResourceSchema } from '@chainr/core/api/contract/job-resource';
import { runSchema } from '@chainr/core/api/contract/run-resource';
import { workerListSchema } from '@chainr/core/api/contract/worker-resource';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };
const two = { first: job, second: { ...job, dependsOn: ['first'] } };

describe('chainr', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  const at = (...args: string[]) => chainr([...args, '--server', server.url]);
  const create = async (jobs: Record<string, unknown>) => {
    const session = chainr(['run', '-', '--server', server.url], { stdin: JSON.stringify({ kind: 'Pipeline', jobs }) });
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout.trim();
  };
  /** The output of a command that must succeed. */
  const printed = async (...args: string[]) => {
    const session = at(...args);
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout;
  };
  const refused = async (...args: string[]) => {
    const session = at(...args);
    expect(await session.exitCode, session.stdout).to.equal(2);
    return session.stderr;
  };
  const json = async (...args: string[]) => JSON.parse(await printed(...args, '-o', 'json')) as unknown;

  describe('cancel', () => {
    it('ends a run without running jobs at once, and says so', async () => {
      const uid = await create(two);
      expect(await printed('cancel', 'latest')).to.equal(`Run ${uid} is CANCELED.\n`);
      expect(await printed('get', uid)).to.match(/second +CANCELED +CanceledByUser/);
    });

    it('says how many jobs are being stopped', async () => {
      const uid = await create(two);
      await server.start(uid, 0);
      expect(await printed('cancel', uid)).to.match(
        /is being canceled; 1 running job is being stopped\. Watch it with/,
      );
    });

    it('does not change a final run', async () => {
      const uid = await create({ only: job });
      await server.work(uid, 0, []);
      expect(await printed('cancel', uid)).to.equal(`Run ${uid} is SUCCESSFUL already; nothing changes.\n`);
      expect(runSchema.parse(await json('cancel', uid)).status).to.equal('SUCCESSFUL');
    });
  });

  describe('retry', () => {
    const jobs = { first: job, second: { ...job, dependsOn: ['first'] }, other: job };

    it('starts a failed job of an unfinished run again', async () => {
      const uid = await create(jobs);
      await server.work(uid, 0, [], 'ExitCode', 3);
      expect(await printed('retry', uid, 'first')).to.match(/^Job first starts again\. Watch it with/);
      expect(jobResourceSchema.parse(await json('get', uid, 'first')).status).to.equal('PENDING');
    });

    it('prints the rerun command for a run that has ended', async () => {
      const uid = await create({ only: job });
      await server.work(uid, 0, [], 'ExitCode', 3);
      expect(await refused('retry', uid, 'only')).to.match(
        new RegExp(`cannot change any more.*\n {2}chainr rerun ${uid} only --server ${server.url}\n$`),
      );
    });

    it('suggests the nearest job name', async () => {
      const uid = await create(two);
      expect(await refused('retry', uid, 'secnd')).to.equal(
        'chainr: The run has no job "secnd", did you mean "second"?\n',
      );
    });
  });

  describe('rerun', () => {
    it('makes a new run that reuses successful jobs', async () => {
      const uid = await create(two);
      await server.work(uid, 0, []);
      await server.work(uid, 1, [], 'ExitCode', 3);
      const made = (await printed('rerun', uid)).trim();
      expect(runSchema.parse(await json('get', made)).metadata.rerunOf).to.equal(uid);
      expect(await printed('get', made)).to.match(/first +SUCCESSFUL +Reused[^\n]*\nsecond +PENDING +Queued/);
      expect(await printed('describe', made)).to.match(new RegExp(`\nRerun of +${uid}\n`));
    });

    it('reruns named jobs, or all', async () => {
      const uid = await create(two);
      await server.work(uid, 0, []);
      await server.work(uid, 1, []);
      const named = runSchema.parse(await json('rerun', uid, 'second'));
      expect(named.jobCounts).to.include({ SUCCESSFUL: 1, PENDING: 1 });
      expect(runSchema.parse(await json('rerun', uid, '--all')).jobCounts).to.include({ PENDING: 2 });
      expect(await refused('rerun', uid, 'second', '--all')).to.contain('not both');
      expect(await refused('rerun', uid, 'secnd')).to.equal(
        'chainr: The run has no job "secnd", did you mean "second"?\n',
      );
      expect(await refused('rerun', uid, 'zz')).to.equal('chainr: The run has no job "zz".\n  It has first, second.\n');
      expect(await refused('rerun', uid)).to.contain(`\n  chainr rerun ${uid} --all --server ${server.url}\n`);
    });

    it('shows the new run with --watch until it ends', async () => {
      const uid = await create({ only: job });
      await server.work(uid, 0, [], 'ExitCode', 3);
      const session = at('rerun', 'latest', '--watch');
      const [, made = ''] = await session.until(/Run ([0-9a-f-]{36})/);
      await server.work(made, 0, []);
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.contain(`Run ${made} SUCCESSFUL after`);
    });
  });

  describe('why', () => {
    it('explains a job, with the facts', async () => {
      const uid = await create(two);
      expect(await printed('why', uid, 'second')).to.match(
        /^second is PENDING \(WaitingForDependencies\): It waits for one job to end: first \(Queued\)\.\n {2}dependency +first must still end/,
      );
      expect(jobExplanationSchema.parse(await json('why', uid, 'second')).reason).to.equal('WaitingForDependencies');
    });

    it('without a job, explains every job that is neither running nor SUCCESSFUL', async () => {
      const uid = await create(two);
      await server.work(uid, 0, [], 'ExitCode', 3);
      const text = await printed('why', uid);
      expect(text).to.contain('first is FAILED (ExitCode)').and.to.contain('second is SKIPPED (ConditionNotMet)');
      expect(jobExplanationSchema.array().parse(await json('why', uid))).to.have.length(2);
    });

    it('says that there is nothing to explain', async () => {
      const uid = await create({ only: job });
      await server.work(uid, 0, []);
      const session = at('why', uid);
      expect([await session.exitCode, session.stdout]).to.deep.equal([0, '']);
      expect(session.stderr).to.contain('nothing to explain');
    });
  });

  describe('drain', () => {
    it('lists the workers, or says that there are none', async () => {
      expect(await printed('drain')).to.contain('No worker was seen in the last 30 seconds');
      await server.showWorker('box-1111', 2);
      await server.showWorker('box-2222', 0);
      const session = at('drain');
      expect(await session.exitCode).to.equal(0);
      expect(session.stdout).to.match(/box-1111 +box +fake +fake +2\/4 +working/);
      expect(session.stderr).to.contain('chainr drain WORKER');
      expect(workerListSchema.parse(await json('get', 'workers')).items).to.have.length(2);
    });

    it('drains a worker, and ends the draining', async () => {
      await server.showWorker('box-1111', 2);
      expect(await printed('drain', 'box-1')).to.match(/box-1111 .* draining/);
      expect(await printed('drain', 'box-1111', '--undo')).to.match(/box-1111 .* working/);
    });

    it('lists the workers if an id matches none or several', async () => {
      await server.showWorker('box-1111', 2);
      await server.showWorker('box-2222', 0);
      expect(await refused('drain', 'box')).to.contain('box-1111, box-2222');
      expect(await refused('drain', 'other')).to.contain('the workers are box-1111, box-2222.');
      expect(await refused('drain', '--undo')).to.contain('name the worker');
    });
  });

  describe('pause and resume', () => {
    it('say that no new jobs start and running ones continue', async () => {
      expect(await printed('pause')).to.match(/^Paused: no new jobs start; .* chainr resume ends the pause\.\n$/);
      expect(await printed('get', 'workers')).to.contain('chainr is paused');
      const sent = chainr(['run', '-', '--server', server.url], { stdin: JSON.stringify({ kind: 'Pipeline', jobs: { only: job } }) }); // prettier-ignore
      expect(await sent.exitCode).to.equal(0);
      expect(sent.stderr).to.contain(`chainr is paused. Resume it with: chainr resume --server ${server.url}`);
      expect(await printed('resume')).to.equal('Resumed: workers start new jobs again.\n');
      expect(workerListSchema.parse(await json('resume')).paused).to.equal(false);
    });
  });
});
