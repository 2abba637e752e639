import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { isAlive } from '../../src/process/identity.js';
import type { AttemptSpec } from '../../src/port.js';
import {
  allOutput,
  allow,
  attemptOf,
  never,
  runToEnd,
  textOf,
  withExecutor,
  type StepDraft,
} from '../../suite/place.js';
import { makeProcessPlace, type ProcessPlace } from './process-place.js';
import { childrenNamed, firstScriptIn, sessionOf } from './find-processes.js';
import { identityIn, untilGone, untilWritten } from './wait-until.js';

const worker = fileURLToPath(new URL('./start-and-wait.ts', import.meta.url));

describe('the process executor when processes die', () => {
  let place: ProcessPlace;
  before(async () => {
    place = await makeProcessPlace();
  });
  after(() => place.destroy());

  const folderOf = (spec: AttemptSpec): string => place.folderOf(spec);

  /** A started attempt whose step has printed "ready". */
  async function started(...steps: StepDraft[]): Promise<AttemptSpec> {
    const spec = attemptOf('ignored', ...steps);
    await withExecutor(place, (executor) => executor.ensure(spec, allow));
    await identityIn(folderOf(spec), 'started');
    await untilWritten(folderOf(spec), '0.out.0');
    return spec;
  }

  it('reports Lost if the supervisor and the job are killed, and starts nothing again', async () => {
    const spec = await started({ run: 'echo ready; sleep 300' });
    process.kill((await identityIn(folderOf(spec), 'started')).pid, 'SIGKILL');
    process.kill((await identityIn(folderOf(spec), '0.group')).pid, 'SIGKILL');
    await withExecutor(place, async (executor) => {
      expect((await runToEnd(executor, spec)).reason).to.equal('Lost');
      expect(textOf(await allOutput(executor, spec))).to.equal('ready\n');
      expect((await runToEnd(executor, spec)).reason).to.equal('Lost');
    });
  });

  it('ends the job if only its supervisor is killed, reports Lost, and never runs the next step', async () => {
    const spec = await started({ run: "trap '' TERM; echo ready; sleep 300; true" }, { run: 'echo never' });
    const leader = await identityIn(folderOf(spec), '0.group');
    process.kill((await identityIn(folderOf(spec), 'started')).pid, 'SIGKILL');
    await withExecutor(place, async (executor) => {
      const outcome = await executor.observe(spec, () => undefined, never());
      expect(outcome.reason).to.equal('Lost');
      expect(outcome).not.to.have.property('exitCode');
      expect(outcome.steps?.map(({ name }) => name)).to.deep.equal(['step-0']);
    });
    expect(isAlive(leader)).to.equal(false);
    expect(readFileSync(join(folderOf(spec), '1.started'), 'utf8')).to.equal('tombstone\n');
  });

  it('notices the death of a watched supervisor within seconds', async () => {
    const spec = await started({ run: 'echo ready; sleep 300' });
    await withExecutor(place, async (executor) => {
      const outcome = executor.observe(
        spec,
        () => void identityIn(folderOf(spec), 'started').then(({ pid }) => process.kill(pid, 'SIGKILL')),
        never(),
      );
      expect((await outcome).reason).to.equal('Lost');
    });
  });

  it('keeps a recorded exit, whatever dies later', async () => {
    const spec = await started({ run: 'echo ready; exit 9' });
    await untilWritten(folderOf(spec), 'exit');
    await untilGone(await identityIn(folderOf(spec), 'started'));
    await withExecutor(place, async (executor) => {
      expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'ExitCode', exitCode: 9 });
    });
  });

  it('never runs a step whose name was taken before it started', async () => {
    const spec = await started({ run: 'echo ready' });
    await untilWritten(folderOf(spec), 'exit');
    const again = spawn('/bin/sh', [firstScriptIn(folderOf(spec))], {
      cwd: folderOf(spec),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    again.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(again, 'close')) as [number];
    expect(code).to.not.equal(0);
    expect(output).to.equal('');
  });

  it('is not confused by another process with the pid of the supervisor', async () => {
    const spec = attemptOf('ignored', { run: 'echo never' });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    mkdirSync(folderOf(spec), { recursive: true });
    writeFileSync(join(folderOf(spec), 'started'), `${process.pid} 1 ${boot} 0\n`);
    await withExecutor(place, async (executor) => {
      expect((await runToEnd(executor, spec)).reason).to.equal('Lost');
      expect((await executor.list()).find(({ run }) => run === spec.run)?.alive).to.equal(false);
    });
  });

  it('reports Lost if a supervisor died after it took the name and before it recorded its identity', async () => {
    const spec = attemptOf('ignored', { run: 'echo never' });
    mkdirSync(folderOf(spec), { recursive: true });
    writeFileSync(join(folderOf(spec), 'started'), '');
    writeFileSync(join(folderOf(spec), 'claim.1'), '1 1 another-boot\n');
    await withExecutor(place, async (executor) => {
      expect((await runToEnd(executor, spec)).reason).to.equal('Lost');
      expect(await allOutput(executor, spec)).to.deep.equal([]);
    });
  });

  it('reports Deleted and ends the job if its folder is removed', async () => {
    const spec = await started({ run: 'echo ready; sleep 300' });
    const leader = await identityIn(folderOf(spec), '0.group');
    await withExecutor(place, async (executor) => {
      const outcome = executor.observe(spec, () => rmSync(folderOf(spec), { recursive: true }), never());
      expect((await outcome).reason).to.equal('Deleted');
    });
    await untilGone(leader);
  });

  it('starts an attempt that a killed launcher had not started', async () => {
    await withExecutor(place, async (executor) => {
      const first = attemptOf('ignored', { run: 'echo ready' });
      await runToEnd(executor, first);
      const launchers = childrenNamed('supervisor.sh');
      expect(launchers.length).to.equal(1);
      for (const pid of launchers) process.kill(pid, 'SIGSTOP');
      const spec = attemptOf('ignored', { run: 'echo started' });
      await executor.ensure(spec, allow);
      for (const pid of launchers) process.kill(pid, 'SIGKILL');
      expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Completed' });
      expect(textOf(await allOutput(executor, spec))).to.equal('started\n');
    });
  });

  it('continues if the worker gets Ctrl-C and is then killed', async () => {
    const spec = attemptOf('ignored', {
      run: 'echo ready; while [ ! -e go ]; do sleep 0.02; done; echo "still here"; exit 3',
    });
    const args = ['--conditions=chainr-source', '--import=tsx', worker, place.folder, JSON.stringify(spec)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    await once(child.stdout, 'data');
    await untilWritten(folderOf(spec), '0.out.0');
    // What a terminal does at Ctrl-C: it signals the whole foreground process group.
    process.kill(-(child.pid ?? 0), 'SIGINT');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'close');
    await withExecutor(place, async (executor) => {
      const outcome = executor.observe(spec, () => writeFileSync(join(folderOf(spec), 'workspace', 'go'), ''), never());
      expect(await outcome).to.include({ reason: 'ExitCode', exitCode: 3 });
      expect(textOf(await allOutput(executor, spec))).to.equal('ready\nstill here\n');
    });
  });

  it('stops processes in another process group', async () => {
    const spec = await started({ run: 'timeout 300 sleep 300 & echo ready; wait' });
    const leader = await identityIn(folderOf(spec), '0.group');
    await withExecutor(place, (executor) => executor.stop(spec, 5000, allow));
    expect(sessionOf(leader.pid)).to.deep.equal([]);
  });
});
