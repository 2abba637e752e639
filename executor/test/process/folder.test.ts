import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import { machineId } from '../../src/process/machine-id.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf, withExecutor } from '../../suite/place.js';
import { makeProcessPlace, type ProcessPlace } from './process-place.js';

/** A function that makes an immutable file or folder mutable again. Undefined if none can be made immutable here. */
function immutable(folder: string): ((path: string) => void) | undefined {
  const free = (path: string): void => void execFileSync('chattr', ['-i', path], { stdio: 'ignore' });
  const probe = join(folder, 'probe');
  writeFileSync(probe, '');
  try {
    execFileSync('chattr', ['+i', probe], { stdio: 'ignore' });
    free(probe);
    return free;
  } catch {
    return undefined;
  } finally {
    rmSync(probe);
  }
}

describe('the folder of the process executor', () => {
  let place: ProcessPlace;
  before(async () => {
    place = await makeProcessPlace();
  });
  after(() => place.destroy());

  it('can be read by no other user', () => {
    place.open();
    expect(statSync(join(place.folder, 'attempts')).mode & 0o777).to.equal(0o700);
  });

  it('has the values of variables only in private files, which are removed with the attempt', async () => {
    const spec = attemptOf('ignored', { run: 'exit 0', env: { TOKEN: 'of-one-attempt', PS1: 'an argument' } });
    await withExecutor(place, async (executor) => {
      await runToEnd(executor, spec);
      const files = readdirSync(place.folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(place.folder, name))
        .filter((file) => statSync(file).isFile());
      const holding = files.filter((file) => readFileSync(file, 'utf8').includes('of-one-attempt'));
      expect(holding).to.have.length(1);
      for (const file of holding) expect(statSync(file).mode & 0o777).to.equal(0o600);
      await executor.remove(spec, allow);
      expect(holding.filter((file) => existsSync(file))).to.deep.equal([]);
    });
  });

  it('names the executor by machine and folder', async () => {
    await withExecutor(place, async ({ id }) =>
      expect(id).to.match(new RegExp(`^process:[0-9a-f]{32}:${place.folder}$`)),
    );
    const folder = mkdtempSync(join(tmpdir(), 'chainr-machine-'));
    const made = machineId(folder, join(folder, 'no-such-file'));
    expect(made).to.match(/^[0-9a-f]{32}$/);
    expect(machineId(folder, join(folder, 'no-such-file'))).to.equal(made);
    rmSync(folder, { recursive: true });
  });

  it('does not show attempts of another instance', async () => {
    const other = createProcessExecutor({ folder: place.folder, instance: 'another-instance' });
    const spec = attemptOf('ignored', { run: 'true' });
    await runToEnd(other, spec);
    expect((await other.list()).map(({ run }) => run)).to.deep.equal([spec.run]);
    await withExecutor(place, async (executor) => expect(await executor.list()).to.deep.equal([]));
    await other.remove(spec, allow);
    await other.close();
  });

  it('is empty after all attempts are removed, whatever they left', async () => {
    await withExecutor(place, async (executor) => {
      const run =
        'mkdir -p deep/locked; touch deep/locked/file; chmod 500 deep/locked; ln -s / deep/root; chmod 0 deep';
      const spec = attemptOf('ignored', { run });
      const sibling = { ...spec, job: 'sibling' };
      await runToEnd(executor, spec);
      await runToEnd(executor, sibling);
      await executor.remove(spec, allow);
      expect(existsSync(join(place.folderOf(sibling), 'exit'))).to.equal(true);
      await executor.remove(sibling, allow);
    });
    expect(readdirSync(join(place.folder, 'attempts'))).to.deep.equal([]);
  });

  for (const [what, name] of [
    ['long names', 'x'.repeat(200)],
    ['short names', 'd'],
  ] as const) {
    it(`is removed when a job nested 400 folders with ${what}`, async () => {
      const run = `mkdir a; i=0; while [ $i -lt 400 ]; do mkdir b && mv a b/${name} && mv b a || exit 1; i=$((i+1)); done`;
      const spec = attemptOf('ignored', { run });
      await withExecutor(place, async (executor) => {
        expect((await runToEnd(executor, spec)).reason).to.equal('Completed');
        await executor.remove(spec, allow);
      });
      expect(existsSync(join(place.folder, 'attempts', spec.run))).to.equal(false);
    });
  }

  for (const [what, left] of [
    ['a file that cannot be changed', 'workspace/deep/file'],
    ['a folder that cannot be changed', 'workspace/deep'],
    ['a temporary file that cannot be changed', 'tmp/file'],
  ] as const) {
    it(`is not removed while a job has left ${what} there; the error names it`, async function () {
      const free = immutable(place.folder);
      if (!free) {
        console.log('      skipped: this needs files that cannot be changed, and chattr(1) makes none here');
        this.skip();
      }
      await withExecutor(place, async (executor) => {
        const spec = attemptOf('ignored', {
          run: `mkdir deep; touch deep/file beside "$TMPDIR/file"; chattr +i ../${left}`,
        });
        const other = { ...spec, job: 'other', steps: spec.steps.map((step) => ({ ...step, run: 'touch file' })) };
        const folder = place.folderOf(spec);
        try {
          expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
          await runToEnd(executor, other);
          for (let turn = 0; turn < 2; turn += 1) {
            const error: unknown = await executor.remove(spec, allow).catch((reason: unknown) => reason);
            expect(String(error), String(error)).to.contain('EPERM').and.contain(join(folder, left));
          }
          await executor.remove(other, allow);
          expect((await executor.list()).map(({ job }) => job)).to.deep.equal([spec.job]);
        } finally {
          free(join(folder, left));
        }
        await executor.remove(spec, allow);
      });
      expect(readdirSync(join(place.folder, 'attempts'))).to.deep.equal([]);
    });
  }

  it('refuses to remove running attempts and foreign names', async () => {
    await withExecutor(place, async (executor) => {
      const spec = attemptOf('ignored', { run: 'echo ready; sleep 300' });
      await executor.ensure(spec, allow);
      for await (const batch of executor.logs(spec, '', never())) if (batch.chunks.length > 0) break;
      const error: unknown = await executor.remove(spec, allow).catch((reason: unknown) => reason);
      expect(String(error)).to.contain('still runs');
      await executor.stop(spec, 0, allow);
      await executor.remove(spec, allow);
      for (const job of ['..', '../..', 'a/b', '']) {
        const refused: unknown = await executor.remove({ ...spec, job }, allow).catch((reason: unknown) => reason);
        expect(String(refused), job).to.contain('does not name an attempt');
      }
    });
  });

  it('ignores other files there', async () => {
    const attempts = join(place.folder, 'attempts');
    mkdirSync(join(attempts, 'lost+found', 'some-job', 'one'), { recursive: true });
    writeFileSync(join(attempts, 'file'), '');
    await withExecutor(place, async (executor) => expect(await executor.list()).to.deep.equal([]));
    rmSync(join(attempts, 'lost+found'), { recursive: true });
    rmSync(join(attempts, 'file'));
  });

  it('gives a program exactly PATH, HOME, LANG, TMPDIR, CHAINR_ and its own variables', async () => {
    await withExecutor(place, async (executor) => {
      const spec = attemptOf('ignored', { command: ['env'], env: { OWN: 'value' } });
      await runToEnd(executor, spec);
      const lines = textOf(await allOutput(executor, spec))
        .trim()
        .split('\n');
      const chainr = ['ATTEMPT', 'JOB', 'OUTPUT', 'PIPELINE', 'RUN', 'STEP', 'WORKSPACE'].map(
        (name) => `CHAINR_${name}`,
      );
      const passed = ['HOME', 'LANG', 'PATH'].filter((name) => process.env[name]);
      // If /bin/sh is bash, it sets SHLVL for everything that it executes.
      const names = lines
        .map((line) => line.split('=')[0] ?? '')
        .filter((name) => name !== 'SHLVL')
        .sort();
      expect(names).to.deep.equal([...chainr, ...passed, 'OWN', 'TMPDIR'].sort());
    });
  });

  it('has a folder for temporary files in each attempt', async () => {
    await withExecutor(place, async (executor) => {
      const spec = attemptOf('ignored', { run: 'touch "$TMPDIR/file" && echo "$TMPDIR"' });
      await runToEnd(executor, spec);
      const temporary = textOf(await allOutput(executor, spec)).trim();
      expect(temporary).to.equal(join(place.folderOf(spec), 'tmp'));
      expect(readdirSync(temporary)).to.deep.equal(['file']);
    });
  });
});
