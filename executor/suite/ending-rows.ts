import { expect } from 'chai';
import { allOutput, attemptOf, needsOutput, runToEnd, textOf, withExecutor, type Row } from './place.js';

/** Background shells of a script, which would report the end of a child if they outlived it. */
const leftShells = {
  'a shell': `sh -c ': > begun; sleep 300; :' &`,
  'shells in shells': `sh -c 'sh -c ": > begun; sleep 300; :"; :' &`,
  'a shell in another process group': `timeout 300 sh -c ': > begun; sleep 300; :' &`,
  'a shell in another session': `setsid sh -c ': > begun; sleep 300; :' &`,
};

export const endingRows: Row[] = [
  {
    name: 'reports exit codes: 0 is Completed, any other is ExitCode',
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
    name: 'reports a signal, whether it ended the shell or its last command',
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
    name: 'ends a script at the first command that fails, with its exit code',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const scripts = {
          '(exit 3)\necho never': 3,
          'no-such-program\necho never': 127,
          'cd /no/folder && true\necho on': 0,
        };
        for (const [run, exitCode] of Object.entries(scripts)) {
          const spec = attemptOf(image, { run });
          const reason = exitCode === 0 ? 'Completed' : 'ExitCode';
          expect(await runToEnd(executor, spec), run).to.include({ reason, exitCode });
          expect(textOf(await allOutput(executor, spec)), run).not.to.contain('never');
        }
      }),
  },
  {
    name: 'runs a script with the shell of its step, as the last argument',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const shells = [
          { shell: ['/bin/sh', '-c'], run: 'false\necho "$0 went on"', output: /went on\n$/ },
          {
            shell: ['/bin/sh', '-c', 'echo "$0:$1"', 'first word'],
            run: `it's "$HOME"`,
            output: /^first word:it's "\$HOME"\n$/,
          },
          { shell: ['printf', '%s|'], run: 'no shell\n', output: /^no shell\n\|$/ },
        ];
        for (const { shell, run, output } of shells) {
          const spec = attemptOf(image, { shell, run });
          expect(await runToEnd(executor, spec), run).to.include({ reason: 'Completed', exitCode: 0 });
          expect(textOf(await allOutput(executor, spec))).to.match(output);
        }
      }),
  },
  {
    name: 'runs a script that begins with #! with the interpreter of its first line',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const scripts = {
          '#!/bin/cat\nas it is: $HOME\n': '#!/bin/cat\nas it is: $HOME\n',
          '#!/usr/bin/env sh\nfalse\necho "on: $CHAINR_JOB"': 'on: some-job\n',
          '#! /bin/cat -u \nwith an argument': '#! /bin/cat -u \nwith an argument',
          '#!/bin/sh -e\r\necho before\nfalse\necho never': 'before\n',
        };
        for (const [run, output] of Object.entries(scripts)) {
          // The `shell` of a job applies to its other steps.
          const spec = attemptOf(image, { run, shell: ['/bin/false'] });
          const { exitCode } = await runToEnd(executor, spec);
          expect(textOf(await allOutput(executor, spec)), run).to.equal(output);
          expect(exitCode, run).to.equal(output === 'before\n' ? 1 : 0);
        }
      }),
  },
  {
    name: 'reports ConfigError and names a shell or an interpreter that does not exist',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        for (const draft of [
          { shell: ['/no/such/shell', '-c'], run: 'echo never' },
          { run: '#!/no/such/shell\necho never' },
        ]) {
          const outcome = await runToEnd(executor, attemptOf(image, draft));
          expect(outcome.reason, outcome.message).to.equal('ConfigError');
          expect(outcome.message).to.contain('/no/such/shell');
        }
      }),
  },
  {
    name: 'reports ExitCode 127 if the last command of a script does not exist',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, { run: 'no-such-program' }));
        expect(outcome).to.include({ reason: 'ExitCode', exitCode: 127 });
      }),
  },
  {
    name: 'reports ConfigError and names a command that does not exist',
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
    name: 'runs steps in order in one workspace, and stops at the first failure',
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
    name: 'continues after a failed step with continueOnError, and succeeds',
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
    name: 'reports when each step began and ended',
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
        expect((endedAt ?? 0) - (startedAt ?? 0)).to.be.within(executor.capabilities.timeStepMs > 100 ? 0 : 90, 20_000);
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
      name: `adds nothing to the output when it kills what a script left behind: ${what}`,
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
