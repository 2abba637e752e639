import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Job } from '@chainr/core/api/job-resource';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { untilFinal } from '@chainr/testkit/waits';

const onFailure = (job: string) => ({
  image: 'busybox',
  run: ':',
  dependsOn: [{ job, conditions: { failure: true } }],
});

describe('jobs that do not end well', function () {
  this.timeout(30_000);
  let folder: string;
  let chainr: Constellation;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-jobs-'));
    chainr = await startConstellation({ executor: createProcessExecutor({ folder, instance: 'test' }) });
  });

  after(async () => {
    await chainr.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs one job, and another one that only a failure of it starts. */
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

  it('FAILED with ConfigError that names a workdir which does not exist', async () => {
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
});
