import { expect } from 'chai';
import { allOutput, attemptOf, needsOutput, runToEnd, withExecutor, type Row } from './place.js';

/** Left in the background by a script, they would tell of a child's end if they outlived it. */
const leftShells = {
  'a shell': `sh -c ': > begun; sleep 300; :' &`,
  'shells in shells': `sh -c 'sh -c ": > begun; sleep 300; :"; :' &`,
  'a shell in another process group': `timeout 300 sh -c ': > begun; sleep 300; :' &`,
  'a shell in another session': `setsid sh -c ': > begun; sleep 300; :' &`,
};

export const endingRows: Row[] = [
  {
    name: 'tells exit codes: 0 is Completed, any other is ExitCode',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const codes = [0, 1, 2, 126, 127, 128, 160, 255];
        const outcomes = await Promise.all(
          codes.map((code) => runToEnd(executor, attemptOf(image, { run: `exit ${code}` }))),
        );
        expect(outcomes.map(({ reason, exitCode }) => [reason, exitCode])).to.deep.equal(
          codes.map((code) => [code === 0 ? 'Completed' : 'ExitCode', code]),
        );
      }),
  },
  {
    name: 'tells a signal, whether the shell dies of it or its last command',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const scripts = {
          'kill -TERM $$': 143,
          'kill -INT $$': 130,
          'kill -KILL $$': 137,
          "sh -c 'kill -SEGV $$'": 139,
          'exit 129': 129,
        };
        for (const [run, code] of Object.entries(scripts)) {
          expect(await runToEnd(executor, attemptOf(image, { run })), run).to.include({
            reason: 'Signal',
            exitCode: code,
          });
        }
      }),
  },
  {
    name: 'goes on after a command that fails, as a shell without -e does',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, { run: 'false\nno-such-program\ntrue' }));
        expect(outcome).to.include({ reason: 'Completed', exitCode: 0 });
      }),
  },
  {
    name: 'says ExitCode 127 when the last command of a script does not exist',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, { run: 'no-such-program' }));
        expect(outcome).to.include({ reason: 'ExitCode', exitCode: 127 });
      }),
  },
  {
    name: 'says ConfigError and names a command that does not exist',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        for (const program of ['no-such-program', '/no/such/program', '/']) {
          const outcome = await runToEnd(executor, attemptOf(image, { command: [program] }));
          expect(outcome.reason).to.equal('ConfigError');
          expect(outcome.message).to.contain(`"${program}"`);
          expect(outcome).not.to.have.property('exitCode');
        }
      }),
  },
  {
    name: 'runs steps in order in one workspace, and stops at the first that fails',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'echo one > file' }, { run: 'cat file; exit 4' }, { run: 'echo never' });
        const outcome = await runToEnd(executor, spec);
        expect(outcome).to.include({ reason: 'ExitCode', exitCode: 4 });
        expect(outcome.steps?.map(({ name, exitCode }) => [name, exitCode])).to.deep.equal([
          ['step-0', 0],
          ['step-1', 4],
        ]);
        const output = await allOutput(executor, spec);
        expect(output.map(({ step, bytes }) => `${step}: ${bytes.toString()}`)).to.deep.equal(['step-1: one\n']);
      }),
  },
  {
    name: 'goes on after a failed step with continueOnError, and succeeds',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'exit 5', continueOnError: true }, { run: 'echo second' });
        const outcome = await runToEnd(executor, spec);
        expect(outcome).to.include({ reason: 'Completed', exitCode: 0 });
        expect(outcome.steps?.map(({ exitCode, tolerated }) => [exitCode, tolerated])).to.deep.equal([
          [5, true],
          [0, undefined],
        ]);
        const last = await runToEnd(
          executor,
          attemptOf(image, { run: 'exit 0' }, { run: 'exit 6', continueOnError: true }),
        );
        expect(last).to.include({ reason: 'Completed', exitCode: 0 });
      }),
  },
  {
    name: 'tells when each step began and ended',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const { steps, startedAt, endedAt } = await runToEnd(
          executor,
          attemptOf(image, { run: 'sleep 0.1' }, { run: 'true' }),
        );
        const times = [startedAt, steps?.[0]?.endedAt, steps?.[1]?.startedAt, steps?.[1]?.endedAt, endedAt];
        for (const time of times) expect(time).to.be.a('number');
        expect(times).to.deep.equal([...times].sort((a = 0, b = 0) => a - b));
        expect((endedAt ?? 0) - (startedAt ?? 0)).to.be.within(90, 20_000);
      }),
  },
  {
    name: 'leaves nothing in the background when a script ends',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const background = '(while :; do echo tick >> ticks; sleep 0.02; done) & sleep 0.1';
        const check = 'before=$(wc -l < ticks); sleep 0.2; [ "$(wc -l < ticks)" = "$before" ]';
        const outcome = await runToEnd(executor, attemptOf(image, { run: background }, { run: check }));
        expect(outcome).to.include({ reason: 'Completed' });
      }),
  },
  ...Object.entries(leftShells).map(([what, begin]): Row => {
    return {
      name: `adds nothing to the output when it ends what a script has left: ${what}`,
      needs: needsOutput,
      run: (place, image) =>
        withExecutor(place, async (executor) => {
          const spec = attemptOf(image, { run: `${begin} while [ ! -e begun ]; do sleep 0.02; done; printf end` });
          expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
          const output = await allOutput(executor, spec);
          expect(output.map(({ bytes }) => bytes.toString()).join('')).to.equal('end');
        }),
    };
  }),
];
