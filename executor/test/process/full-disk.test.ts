import { expect } from 'chai';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { mountSmallDisk, type SmallDisk } from '@chainr/testkit/small-disk';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import type { AttemptSpec, Executor } from '../../src/port.js';
import { allOutput, allow, attemptOf, bytesOf, never, runToEnd, textOf } from '../../suite/place.js';
import { childrenNamed } from './find-processes.js';
import { folderIn } from './process-place.js';
import { untilWritten } from './wait-until.js';

const MiB = 1024 * 1024;

describe('the process executor on a full disk', function () {
  let disk: SmallDisk | undefined;
  let folder: string;
  let executor: Executor;

  before(function () {
    disk = mountSmallDisk('8m');
    if (!disk) {
      console.log('    skipped: this needs a small disk, and mount(8) may not be used here');
      this.skip();
    }
    folder = disk.folder;
    executor = createProcessExecutor({ folder, instance: 'some-instance' });
  });
  afterEach(async () => {
    for (const found of await executor.list()) {
      if (found.alive) await executor.stop(found, 0, allow);
      await executor.remove(found, allow);
    }
  });
  after(async () => {
    if (!disk) return;
    await executor.close();
    disk.remove();
  });

  const folderOf = (spec: AttemptSpec): string => folderIn(folder, spec);

  for (const [code, reason] of [
    [0, 'Completed'],
    [7, 'ExitCode'],
  ] as const) {
    it(`records the end of a job that filled the disk: ${code}`, async () => {
      const spec = attemptOf('ignored', { run: `echo ready; while [ ! -e go ]; do sleep 0.02; done; exit ${code}` });
      await executor.ensure(spec, allow);
      await untilWritten(folderOf(spec), '0.out.0');
      mkdirSync(join(folderOf(spec), 'workspace', 'go'));
      const outcome = await disk!.whileFull(() => executor.observe(spec, () => undefined, never()));
      expect(outcome).to.include({ reason, exitCode: code });
    });
  }

  it('continues a job whose output does not fit, and marks the gap in the log', async () => {
    const spec = attemptOf('ignored', {
      run: `echo before; yes | head -c ${20 * MiB}; echo written > /dev/null; while [ ! -e go ]; do sleep 0.02; done; exit 3`,
    });
    await executor.ensure(spec, allow);
    await untilWritten(folderOf(spec), '0.lost');
    const free = disk!.fill();
    free();
    mkdirSync(join(folderOf(spec), 'workspace', 'go'));
    expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'ExitCode', exitCode: 3 });
    const output = await allOutput(executor, spec);
    expect(textOf(output, 'system')).to.equal(
      `Output is missing from here on: it could not be written to ${folderOf(spec)} (No space left on device).\n`,
    );
    expect(textOf(output, 'stdout')).to.match(/^before\ny\ny\n/);
    expect(bytesOf(output, 'stdout').length).to.be.within(1 * MiB, 8 * MiB);
  });

  it('keeps output that is written when there is room again', async () => {
    const spec = attemptOf('ignored', {
      run: 'until [ -e full ]; do sleep 0.02; done; seq 1 5000; until [ -e free ]; do sleep 0.02; done; for i in 1 2 3 4 5; do echo $i; sleep 0.02; done; echo last',
    });
    await executor.ensure(spec, allow);
    await untilWritten(folderOf(spec), '0.group');
    const mark = join(folderOf(spec), 'workspace', 'full');
    mkdirSync(`${mark}-soon`);
    await disk!.whileFull(() => {
      renameSync(`${mark}-soon`, mark);
      return untilWritten(folderOf(spec), '0.lost');
    });
    mkdirSync(join(folderOf(spec), 'workspace', 'free'));
    expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Completed' });
    const output = await allOutput(executor, spec);
    expect(textOf(output, 'system')).to.contain('Output is missing from here on');
    expect(textOf(output, 'stdout')).to.match(/\nlast\n$/);
  });

  it('names the disk if an attempt cannot be created', async () => {
    const spec = attemptOf('ignored', { run: 'exit 0' });
    await disk!.whileFull(async () => {
      const error: unknown = await executor.ensure(spec, allow).catch((reason: unknown) => reason);
      expect(String(error)).to.contain(`The disk that holds ${folder}`).and.contain('is full');
    });
    expect((await runToEnd(executor, spec)).reason).to.equal('Completed');
  });

  it('names the disk while a start cannot be recorded, and starts once there is room', async () => {
    const spec = attemptOf('ignored', { run: 'echo ran' });
    const [launcher] = childrenNamed('supervisor.sh');
    if (launcher === undefined) expect.fail('there is no launcher');
    process.kill(launcher, 'SIGSTOP');
    await executor.ensure(spec, allow);
    await disk!.whileFull(async () => {
      process.kill(launcher, 'SIGCONT');
      const watched = executor.observe(spec, () => undefined, never());
      expect(String(await watched.catch((reason: unknown) => reason))).to.contain('is full');
    });
    expect((await runToEnd(executor, spec)).reason).to.equal('Completed');
    expect(textOf(await allOutput(executor, spec))).to.equal('ran\n');
  });

  it('names the disk if a later step cannot start', async () => {
    const spec = attemptOf(
      'ignored',
      { run: ': > wait; echo ready; while [ -e wait ]; do sleep 0.02; done' },
      { run: 'echo never' },
    );
    await executor.ensure(spec, allow);
    await untilWritten(folderOf(spec), '0.out.0');
    const outcome = await disk!.whileFull(() => {
      rmSync(join(folderOf(spec), 'workspace', 'wait'));
      return executor.observe(spec, () => undefined, never());
    });
    expect(outcome.reason).to.equal('Lost');
    expect(outcome.message).to.contain(`The disk that holds ${folderOf(spec)} is full`);
  });
});
