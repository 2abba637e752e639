import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Job } from '@chainr/core/api/contract/job-resource';
import type { LogStream } from '@chainr/core/engine/records';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { processesOf } from '@chainr/testkit/processes-of';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { executorSubjects, type OpenedExecutor } from './executor-subjects.js';

const onFailure = (job: string) => ({
  image: 'busybox',
  run: ':',
  dependsOn: [{ job, conditions: { failure: true } }],
});

for (const { kind, why, open } of executorSubjects) {
  describe(`jobs that do not end well: ${kind}`, function () {
    this.timeout(120_000);
    let opened: OpenedExecutor;
    let chainr: Constellation;

    before(async function () {
      if (why !== undefined) {
        console.log(`      left out: ${why}`);
        this.skip();
      }
      opened = await open();
      chainr = await startConstellation({ executor: opened.executor });
    });

    after(async () => {
      if (why !== undefined) return;
      await chainr.stop();
      await opened.close();
    });

    /** Runs one job that fails, and another one that starts only then. */
    async function runFailing(job: object): Promise<Job> {
      const jobs = { failing: { image: 'busybox', ...job }, after: onFailure('failing') };
      const text = JSON.stringify({ kind: 'Pipeline', jobs });
      const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
      await untilFinal(chainr.store.events, metadata.uid);
      const run = await chainr.client.getRun(metadata.uid);
      expect(run.status).to.equal('FAILED');
      expect(run.jobs[1]).to.include({ name: 'after', status: 'SUCCESSFUL' });
      return await chainr.client.getJob(metadata.uid, 'failing');
    }

    /** All lines of the log of an ended job. */
    async function linesOf(run: string, job: string): Promise<[LogStream, string][]> {
      const lines: [LogStream, string][] = [];
      for await (const { stream, text } of chainr.client.readLogLines(run, job, { follow: true })) {
        lines.push([stream, text]);
      }
      return lines;
    }

    it('FAILED with ExitCode and the code', async () => {
      const { status, reason, attempts } = await runFailing({ run: 'exit 3' });
      expect([status, reason]).to.deep.equal(['FAILED', 'ExitCode']);
      expect(attempts[0]).to.include({ attempt: 1, exitCode: 3, reason: 'ExitCode' });
    });

    it('FAILED with Signal when a script is killed', async () => {
      const { reason, attempts } = await runFailing({ run: 'kill -9 $$' });
      expect(reason).to.equal('Signal');
      expect(attempts[0]).to.include({ exitCode: 137, reason: 'Signal' });
    });

    it('FAILED with ConfigError that names a command which does not exist', async () => {
      const { reason, message, attempts } = await runFailing({ command: ['/no/such/program'] });
      expect(reason).to.equal('ConfigError');
      expect(message).to.contain('/no/such/program');
      expect(attempts[0]).to.not.have.property('exitCode');
    });

    it('FAILED with ConfigError that names a workdir which does not exist', async function () {
      if (!opened.executor.capabilities.refusesMissingWorkdir) this.skip(); // The folder is created there.
      const { reason, message } = await runFailing({ run: ':', workdir: '/no/such/folder' });
      expect(reason).to.equal('ConfigError');
      expect(message).to.contain('/no/such/folder');
    });

    it('FAILED with the exit code of the step that failed', async () => {
      const steps = [
        { name: 'tolerated', run: 'exit 1', continueOnError: true },
        { name: 'decisive', run: 'exit 4' },
        { name: 'never', run: ':' },
      ].map((step) => ({ image: 'busybox', ...step }));
      const { attempts } = await runFailing({ image: undefined, steps });
      expect(attempts[0]).to.include({ exitCode: 4, reason: 'ExitCode' });
      expect(attempts[0]?.steps?.map(({ name, exitCode }) => [name, exitCode])).to.deep.equal([
        ['tolerated', 1],
        ['decisive', 4],
      ]);
    });

    it('FAILED with TimedOut when its timeout passes, with its exit code and all that it wrote', async () => {
      const job = await runFailing({ run: 'echo before; sleep 30; echo after', timeout: '1s' });
      expect([job.status, job.reason]).to.deep.equal(['FAILED', 'TimedOut']);
      expect(job.attempts.map(({ attempt, exitCode }) => [attempt, exitCode])).to.deep.equal([[1, 143]]);
      expect(await linesOf(job.metadata.run, 'failing')).to.deep.equal([['stdout', 'before']]);
    });

    it('CANCELED with what it wrote and nothing else in its log', async () => {
      const run = `sh -c 'sleep 300; :' & sh -c 'echo before; sleep 300; echo after'; echo after`;
      const text = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run } } });
      const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
      const { uid } = metadata;
      for await (const line of chainr.client.readLogLines(uid, 'only', { follow: true })) {
        if (line.text === 'before') break;
      }
      await chainr.client.cancelRun(uid);
      await untilFinal(chainr.store.events, uid);
      const { status } = await chainr.client.getJob(uid, 'only');
      expect(status).to.equal('CANCELED');
      expect(await linesOf(uid, 'only')).to.deep.equal([['stdout', 'before']]);
    });

    it('FAILED with TimedOut even if it then ends with exit code 0', async () => {
      const job = await runFailing({ run: "trap 'exit 0' TERM; while :; do sleep 0.05; done", timeout: '500ms' });
      expect([job.status, job.reason, job.attempts[0]?.exitCode]).to.deep.equal(['FAILED', 'TimedOut', 0]);
    });

    it('Lost and started again if its process or container is removed, without using up a retry of the user', async () => {
      // Only the first attempt waits to be removed.
      const run = '[ "$CHAINR_ATTEMPT" != 1 ] || { echo waiting; sleep 300; }; echo done';
      const text = JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run } } });
      const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
      const { uid } = metadata;
      await untilEvent(
        chainr.store.events,
        (event) => event.run === uid && 'reason' in event && event.reason === 'Executing',
      );
      await takeAway(uid);
      await untilFinal(chainr.store.events, uid);
      const job = await chainr.client.getJob(uid, 'only');
      expect(job.attempts.map(statusAndReason)).to.deep.equal([
        `FAILED ${kind === 'process' ? 'Lost' : 'Deleted'}`,
        'SUCCESSFUL Completed',
      ]);
      expect(job.attempts[0]).not.to.have.property('exitCode');
    });

    /** Kills the supervisor of a run's attempt, or removes its container by force. */
    async function takeAway(uid: string): Promise<void> {
      if (kind === 'process') {
        const supervisor = processesOf(`/${uid}/`).find(({ command }) => command.includes('supervisor.sh'));
        if (!supervisor) expect.fail('there is no supervisor');
        process.kill(supervisor.pid, 'SIGKILL');
        return;
      }
      const daemon = ['-H', `unix://${opened.socketPath ?? ''}`];
      const { stdout } = await promisify(execFile)('docker', [
        ...daemon,
        'ps',
        '-q',
        '--filter',
        `label=chainr.run=${uid}`,
      ]);
      await promisify(execFile)('docker', [...daemon, 'rm', '-f', stdout.trim()]);
    }
  });
}
