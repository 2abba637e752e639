import { expect } from 'chai';
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { parentsFirst } from '../../src/process/end/end-session.js';
import { readStat } from '../../src/process/identity.js';
import { allOutput, allow, attemptOf, textOf, untilReady, withExecutor } from '../../suite/place.js';
import { sessionOf } from './find-processes.js';
import { makeProcessPlace, type ProcessPlace } from './process-place.js';
import { identityIn } from './wait-until.js';

const inNamespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const stopBelowLeader = fileURLToPath(new URL('./stop-below-leader.ts', import.meta.url));

/** Whether a program runs on this machine and ends with 0. */
function canRun(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a stop of the process executor', () => {
  let place: ProcessPlace;
  before(async () => {
    place = await makeProcessPlace();
  });
  after(() => place.destroy());

  const stopOne = (run: string): Promise<string> =>
    withExecutor(place, async (executor) => {
      const spec = attemptOf('ignored', { run });
      await executor.ensure(spec, allow);
      await untilReady(executor, spec);
      await executor.stop(spec, 20_000, allow);
      return textOf(await allOutput(executor, spec));
    });

  const bashScripts = {
    'one program after the other': 'echo ready; sleep 300; :',
    'a pipeline with -o pipefail': 'set -eo pipefail; echo ready; sleep 300 | sleep 300 | cat; :',
    'jobs in the background': 'sleep 300 & sleep 300 & echo ready; wait; wait',
    'jobs under job control': 'set -m; sleep 300 & echo ready; sleep 300; wait',
    'a coprocess': 'coproc sleep 300; echo ready; wait',
    'bash in bash': `bash -c "echo ready; sleep 300; :"; :`,
  };
  for (const [what, script] of Object.entries(bashScripts)) {
    it(`adds nothing to the output of bash: ${what}`, async function () {
      if (!canRun('bash', '-c', ':')) {
        console.log('      skipped: there is no bash here');
        this.skip();
      }
      const texts = await Promise.all(Array.from({ length: 4 }, () => stopOne(`exec bash -c '${script}'`)));
      expect(texts).to.deep.equal(texts.map(() => 'ready\n'));
    });
  }

  it('signals parents before their children, whatever the order of their pids', async () => {
    const spec = attemptOf('ignored', { run: `sh -c 'sh -c "sleep 300 & echo ready; wait"; :'; :` });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      await untilReady(executor, spec);
      const leader = await identityIn(place.folderOf(spec), '0.group');
      const members = sessionOf(leader.pid);
      expect(members).to.have.length(4);
      for (const pids of [members, members.toReversed()]) {
        const ordered = parentsFirst(pids);
        expect(ordered).to.have.members(members);
        expect(ordered[0]).to.equal(leader.pid);
        for (const [index, pid] of ordered.entries())
          if (index > 0) expect(ordered.slice(0, index)).to.include(readStat(pid)?.parent);
      }
      await executor.stop(spec, 20_000, allow);
    });
  });

  it('adds nothing to the output of a shell whose child has a lower pid', async function () {
    if (!canRun('unshare', ...inNamespace, 'sh', '-c', 'echo 1000 > /proc/sys/kernel/ns_last_pid')) {
      console.log('      skipped: this needs a pid namespace of its own, which unshare(1) may not make here');
      this.skip();
    }
    const node = [process.execPath, '--conditions=chainr-source', '--import=tsx', stopBelowLeader, place.folder];
    const { stdout } = await promisify(execFile)('unshare', [...inNamespace, ...node]);
    expect(stdout).to.equal('ready\n');
  });
});
