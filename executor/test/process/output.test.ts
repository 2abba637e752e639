import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { copiersIn, writersIn } from '../../src/process/output/attempt-writers.js';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import { isAlive, readBootId, readStat, type Identity } from '../../src/process/identity.js';
import type { AttemptSpec, Executor } from '../../src/port.js';
import { allOutput, allow, attemptOf, bytesOf, never, runToEnd, textOf, withExecutor } from '../../suite/place.js';
import { makeProcessPlace, type ProcessPlace } from './process-place.js';
import { identityIn, untilGone, untilWritten } from './wait-until.js';

const MiB = 1024 * 1024;

describe('the output of the process executor', () => {
  let place: ProcessPlace;
  before(async () => {
    place = await makeProcessPlace();
  });
  after(() => place.destroy());

  const folderOf = (spec: AttemptSpec): string => place.folderOf(spec);
  const segmentsOf = (spec: AttemptSpec): string[] =>
    readdirSync(folderOf(spec)).filter((name) => /^0\.out\.\d+$/.test(name));
  const bytesOnDisk = (spec: AttemptSpec): number =>
    segmentsOf(spec).reduce((sum, name) => sum + statSync(join(folderOf(spec), name)).size, 0);

  /** The process whose number the job has written on a line. */
  async function processIn(executor: Executor, spec: AttemptSpec): Promise<Identity> {
    let text = '';
    for await (const { chunks } of executor.logs(spec, '', never())) {
      text += bytesOf(chunks).toString();
      const pid = /(\d+)\n/.exec(text)?.[1];
      if (pid) return { pid: Number(pid), startTime: readStat(Number(pid))?.startTime ?? 0, bootId: readBootId() };
    }
    return expect.fail(`no number in ${text}`);
  }

  it('blocks a step at 64 MiB of unread output, and loses none of it', async () => {
    const length = 150 * MiB;
    const spec = attemptOf('ignored', { run: `yes | head -c ${length}` });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      await untilWritten(folderOf(spec), '0.out.0');
      const held = () => ({ segments: segmentsOf(spec), copiers: copiersIn(folderOf(spec)) });
      await untilFound(
        'the step to be held up',
        held,
        ({ segments, copiers }) => segments.length >= 4 && copiers.length === 0,
      );
      expect(bytesOnDisk(spec)).to.be.within(32 * MiB, 64 * MiB);
      expect((await executor.list()).find(({ run }) => run === spec.run)?.alive).to.equal(true);
      let read = 0;
      for await (const { chunks, position } of executor.logs(spec, '', never())) {
        for (const { bytes } of chunks) {
          if (bytes.some((byte, at) => byte !== ((read + at) % 2 ? 0x0a : 0x79))) expect.fail(`wrong from ${read} on`);
          read += bytes.length;
        }
        executor.stored?.(spec, position);
      }
      expect(read).to.equal(length);
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
      await untilFound(
        'at most 64 MiB on disk',
        () => bytesOnDisk(spec),
        (bytes) => bytes <= 64 * MiB,
      );
    });
  });

  it('removes stored output, and marks a gap if the store then loses it', async () => {
    const spec = attemptOf('ignored', { run: `yes | head -c ${40 * MiB}` });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      for await (const { position } of executor.logs(spec, '', never())) executor.stored?.(spec, position);
      await untilFound(
        'the first segment to go',
        () => segmentsOf(spec),
        (names) => !names.includes('0.out.0'),
      );
      const again = await allOutput(executor, spec);
      expect(textOf(again, 'system')).to.match(/^Output is missing here: the store lost it/);
      expect(bytesOf(again, 'stdout').length).to.be.within(1, 40 * MiB - 1);
    });
  });

  it('reports stored output that cannot be removed, with file and reason', async function () {
    const spec = attemptOf('ignored', { run: `yes | head -c ${40 * MiB}` });
    const told: string[] = [];
    const onTrouble = (what: string, error: Error) => void told.push(`${what}: ${error.message}`);
    const executor = createProcessExecutor({ folder: place.folder, instance: 'some-instance', onTrouble });
    const file = join(folderOf(spec), '0.out.0');
    await executor.ensure(spec, allow);
    await untilWritten(folderOf(spec), '0.out.1'); // Nothing more is written to the first segment.
    try {
      execFileSync('chattr', ['+i', file], { stdio: 'ignore' });
    } catch {
      console.log('      left out: this file system, or this user, makes no file immutable');
      await executor.stop(spec, 0, allow);
      await executor.close();
      this.skip();
    }
    try {
      for await (const { position } of executor.logs(spec, '', never())) executor.stored?.(spec, position);
      await untilFound('word of the file', () => told.length);
      expect(told[0])
        .to.match(/^stored output cannot be removed: EPERM/)
        .and.contain(file);
    } finally {
      execFileSync('chattr', ['-i', file]);
      await executor.close();
    }
  });

  it('ends a step and its child that left the session and keeps the output open', async () => {
    const spec = attemptOf('ignored', { run: 'setsid sleep 300 & echo $!; printf end' }, { run: 'echo next' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const child = await processIn(executor, spec);
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
      expect(isAlive(child)).to.equal(false);
      expect(textOf(await allOutput(executor, spec))).to.equal(`${child.pid}\nendnext\n`);
    });
  });

  it('ends a child in another process group that keeps the output open', async () => {
    const spec = attemptOf('ignored', { run: 'timeout 300 sleep 300 & echo $!; printf end' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const child = await processIn(executor, spec);
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
      expect(isAlive(child)).to.equal(false);
    });
  });

  it('does not wait for a child that cannot be identified, and keeps the earlier output', async () => {
    const spec = attemptOf('ignored', {
      run: `env -i setsid /bin/sh -c ': > left; exec sleep 300' & echo $!
until [ -e left ]; do sleep 0.02; done
seq 1 20000; printf end`,
    });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const child = await processIn(executor, spec);
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
      const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
      expect(textOf(await allOutput(executor, spec))).to.equal(`${child.pid}\n${numbers}end`);
      expect(isAlive(child)).to.equal(true);
      process.kill(child.pid, 'SIGKILL');
      await untilGone(child);
    });
  });

  for (const run of [
    'setsid sleep 300 > /dev/null 2>&1 & echo $!',
    '(setsid sh -c "sleep 300; true" > /dev/null 2>&1 & echo $!)',
  ]) {
    it(`kills processes that left the session and closed its streams, after the end of the attempt: ${run}`, async () => {
      const spec = attemptOf('ignored', { run: `${run}; while [ ! -e go ]; do sleep 0.02; done` });
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow);
        const child = await processIn(executor, spec);
        expect(isAlive(child)).to.equal(true);
        writeFileSync(join(folderOf(spec), 'workspace', 'go'), '');
        expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
        await untilGone(child);
      });
    });
  }

  it('stops processes that left the session with the same signal', async () => {
    const run = `setsid sh -c 'trap "echo asked > asked; exit" TERM; echo $$; while :; do sleep 0.02; done' & wait`;
    const spec = attemptOf('ignored', { run: `trap : TERM; ${run}; while [ ! -e asked ]; do sleep 0.02; done` });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const child = await processIn(executor, spec);
      await executor.stop(spec, 20_000, allow);
      expect(readFileSync(join(folderOf(spec), 'workspace', 'asked'), 'utf8')).to.equal('asked\n');
      expect(isAlive(child)).to.equal(false);
    });
  });

  it('continues if the copier of the output is killed, and marks that some may be missing', async () => {
    const spec = attemptOf('ignored', { run: 'echo before; while [ ! -e go ]; do sleep 0.02; done; seq 1 100000' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      await untilWritten(folderOf(spec), '0.out.0');
      const [copier] = copiersIn(folderOf(spec));
      if (copier === undefined) expect.fail('nothing copies');
      process.kill(copier, 'SIGKILL');
      await untilWritten(folderOf(spec), '0.lost');
      writeFileSync(join(folderOf(spec), 'workspace', 'go'), '');
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Completed');
      const output = await allOutput(executor, spec);
      expect(textOf(output, 'system')).to.contain('Output is missing from here on').and.contain(folderOf(spec));
      expect(textOf(output, 'stdout')).to.match(/^before\n.*\n100000\n$/s);
    });
  });

  it('ends with an outcome if everything that stores its output is killed', async () => {
    const spec = attemptOf('ignored', { run: 'echo ready; while echo more; do sleep 0.02; done 2> /dev/null; exit 5' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      await untilWritten(folderOf(spec), '0.out.0');
      const supervisor = await identityIn(folderOf(spec), 'started');
      const step = await identityIn(folderOf(spec), '0.group');
      const waitsForStep = readStat(step.pid)?.parent;
      for (const pid of writersIn(folderOf(spec)))
        if (pid !== supervisor.pid && pid !== waitsForStep) process.kill(pid, 'SIGKILL');
      const outcome = await executor.observe(spec, () => undefined, never());
      expect(outcome.reason).to.be.oneOf(['Signal', 'ExitCode']);
      expect(textOf(await allOutput(executor, spec))).to.match(/^ready\n/);
    });
  });

  it('keeps the output from before its supervisor was killed', async () => {
    const spec = attemptOf('ignored', { run: 'seq 1 300000; echo ready > ready; sleep 300' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      await untilWritten(folderOf(spec), '0.out.0');
      await untilWritten(join(folderOf(spec), 'workspace'), 'ready');
      process.kill((await identityIn(folderOf(spec), 'started')).pid, 'SIGKILL');
      expect((await executor.observe(spec, () => undefined, never())).reason).to.equal('Lost');
      const numbers = Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join('');
      expect(textOf(await allOutput(executor, spec)) === numbers).to.equal(true);
      expect(writersIn(folderOf(spec))).to.deep.equal([]);
    });
  });

  it('reports the missing output of an attempt of an earlier version, and how it ended', async () => {
    const spec = attemptOf('ignored', { run: 'ignored' });
    mkdirSync(folderOf(spec), { recursive: true });
    const records = { started: `1 1 another-boot 0\n`, '0.group': '1 1 another-boot\n', '0.started': '', '0.out': 'one\n', '0.err': '', '0.exit': '3\n', exit: 'ended 3\n' }; // prettier-ignore
    for (const [name, text] of Object.entries(records)) writeFileSync(join(folderOf(spec), name), text);
    await withExecutor(place, async (executor) => {
      const outcome = await executor.observe(spec, () => undefined, never());
      expect(outcome).to.include({ reason: 'ExitCode', exitCode: 3 });
      for (const from of ['', '[]', '[[2,0]]']) {
        const output = await allOutput(executor, spec, from);
        expect(output.map(({ stream }) => stream)).to.deep.equal(['system']);
        expect(textOf(output, 'system')).to.contain('an earlier version of chainr');
      }
      const batches: string[] = [];
      for await (const { position } of executor.logs(spec, '', never())) batches.push(position);
      expect(await allOutput(executor, spec, batches[0])).to.deep.equal([]);
    });
  });

  it('gives jobs the usual limit of open files, which they may raise', async () => {
    const spec = attemptOf('ignored', { run: 'ulimit -S -n; ulimit -S -n "$(ulimit -H -n)" && echo raised' });
    await withExecutor(place, async (executor) => {
      await runToEnd(executor, spec);
      expect(textOf(await allOutput(executor, spec))).to.equal('1024\nraised\n');
    });
  });
});
