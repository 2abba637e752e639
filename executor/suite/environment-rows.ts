import { expect } from 'chai';
import { allOutput, attemptOf, needsOutput, runToEnd, textOf, withExecutor, type Row } from './place.js';

const awkward = {
  QUOTES: `it's "so" \`and\` $HOME \\ \\n 'again'`,
  LINES: 'one\n\ntwo\n',
  EMPTY: '',
  UNICODE: 'größe \u{1f600} \u0081\u0088 漢字',
  _lower9: ' spaces  and\ttabs ',
};

export const environmentRows: Row[] = [
  {
    name: 'sets CHAINR_ variables and passes every value unchanged',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const names = [
          'CHAINR_RUN',
          'CHAINR_JOB',
          'CHAINR_ATTEMPT',
          'CHAINR_STEP',
          'CHAINR_PIPELINE',
          ...Object.keys(awkward),
        ];
        const run = `printf '%s|' ${names.map((name) => `"$${name}"`).join(' ')}`;
        const spec = { ...attemptOf(image, { run, env: awkward }), attempt: 12 };
        await runToEnd(executor, spec);
        const expected = [spec.run, 'some-job', '12', 'main', 'some-pipeline', ...Object.values(awkward)];
        expect(textOf(await allOutput(executor, spec))).to.equal(expected.map((value) => `${value}|`).join(''));
      }),
  },
  {
    name: 'passes variables that shells use themselves',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const env = { OPTIND: 'abc', PPID: 'x', IFS: 'o', ...awkward };
        const spec = attemptOf(image, { command: ['/usr/bin/env'], env });
        await runToEnd(executor, spec);
        const lines = textOf(await allOutput(executor, spec));
        for (const [name, value] of Object.entries(env)) expect(`\n${lines}`).to.contain(`\n${name}=${value}\n`);
        expect(lines).to.contain('CHAINR_JOB=some-job\n');
      }),
  },
  {
    name: 'passes no other variable of the worker',
    needs: needsOutput,
    run: async (place, image) => {
      process.env['CHAINR_TOKEN'] = 'secret-of-the-worker';
      process.env['SOME_CANARY'] = 'secret-of-the-worker';
      try {
        await withExecutor(place, async (executor) => {
          const spec = attemptOf(image, { command: ['env'] });
          await runToEnd(executor, spec);
          expect(textOf(await allOutput(executor, spec))).not.to.match(/CANARY|TOKEN|secret/);
        });
      } finally {
        delete process.env['CHAINR_TOKEN'];
        delete process.env['SOME_CANARY'];
      }
    },
  },
  {
    name: 'passes arguments unchanged',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const args = ['%s|', ...Object.values(awkward), '-n', '*'];
        const spec = attemptOf(image, { command: ['printf'], args });
        await runToEnd(executor, spec);
        expect(textOf(await allOutput(executor, spec))).to.equal(
          args
            .slice(1)
            .map((value) => `${value}|`)
            .join(''),
        );
      }),
  },
  {
    name: 'replaces $(NAME) in command and args, as Kubernetes does',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const env = { WHO: 'it\'s "me"', PROGRAM: 'printf', NESTED: '$(WHO)', EMPTY: '' };
        const words: Record<string, string> = {
          'a $(WHO) b$(WHO)': 'a it\'s "me" bit\'s "me"',
          '$(CHAINR_JOB)': 'some-job',
          '$(NESTED)': '$(WHO)',
          '[$(EMPTY)]': '[]',
          '$$(WHO) $$$(WHO)': '$(WHO) $it\'s "me"',
          '$(UNKNOWN) $(WHO $WHO ${WHO} $': '$(UNKNOWN) $(WHO $WHO ${WHO} $',
        };
        const spec = attemptOf(image, { command: ['$(PROGRAM)', '%s|'], args: Object.keys(words), env });
        await runToEnd(executor, spec);
        const wanted = Object.values(words).map((word) => `${word}|`);
        expect(textOf(await allOutput(executor, spec))).to.equal(wanted.join(''));
        const script = attemptOf(image, { run: 'echo "$(echo kept) $PROGRAM"', env });
        await runToEnd(executor, script);
        expect(textOf(await allOutput(executor, script))).to.equal('kept printf\n');
      }),
  },
  {
    name: 'starts steps in the workspace, or in their workdir',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(
          image,
          { run: 'mkdir sub; [ "$(pwd -P)" = "$(cd "$CHAINR_WORKSPACE"; pwd -P)" ] && echo workspace' },
          { run: 'pwd', workdir: '/usr' },
          { run: '[ "$(pwd -P)" = "$(cd "$CHAINR_WORKSPACE/sub"; pwd -P)" ] && echo sub', workdir: 'sub' },
        );
        await runToEnd(executor, spec);
        expect(textOf(await allOutput(executor, spec))).to.equal('workspace\n/usr\nsub\n');
      }),
  },
  {
    name: 'reports ConfigError and names a workdir that does not exist',
    needs: ({ output, refusesMissingWorkdir }) => output && refusesMissingWorkdir,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(
          image,
          { run: 'true' },
          { run: 'echo never', workdir: '/no/such folder' },
          { run: 'echo never' },
        );
        const outcome = await runToEnd(executor, spec);
        expect(outcome.reason).to.equal('ConfigError');
        expect(outcome.message).to.contain('"/no/such folder"').and.contain('"step-1"');
        expect(textOf(await allOutput(executor, spec))).to.equal('');
      }),
  },
  {
    name: 'reports ConfigError for what no system can execute',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const drafts = [
          { run: 'echo \0' },
          { run: `: ${'x'.repeat(200_000)}` },
          { run: 'true', env: { BIG: 'x'.repeat(140_000) } },
        ];
        for (const draft of drafts)
          expect((await runToEnd(executor, attemptOf(image, draft))).reason).to.equal('ConfigError');
        const large = attemptOf(image, { run: `: ${'x'.repeat(120_000)}\necho fits` });
        await runToEnd(executor, large);
        expect(textOf(await allOutput(executor, large))).to.equal('fits\n');
      }),
  },
];
