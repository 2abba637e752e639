import { expect } from 'chai';
import { outputLimits } from '@chainr/core/pipeline/limits';
import { attemptOf, needsOutput, runToEnd, withExecutor, type Row, type StepDraft } from './place.js';

/** A step that writes outputs with printf(1) and exits with the code. */
const writing = (text: string, exitCode = 0, more: StepDraft = {}): StepDraft => ({
  run: `printf '${text}' > "$CHAINR_OUTPUT"; exit ${exitCode}`,
  ...more,
});

const { stepBytes, jobBytes } = outputLimits;
const filling = (bytes: number, key = 'KEY'): string => `${key}=${'x'.repeat(bytes - key.length - 2)}\\n`;

export const outputRows: Row[] = [
  {
    name: 'returns the outputs of the steps, later lines replacing earlier ones, even to a worker that comes after the end',
    run: async (place, image) => {
      const spec = attemptOf(
        image,
        writing('one=1\\ntwo=first\\n\\nempty=\\n'),
        writing('two=a=b  c \\n_3=last line', 7, { continueOnError: true }),
      );
      const expected = { one: '1', two: 'a=b  c ', empty: '', _3: 'last line' };
      const outcome = await withExecutor(place, (executor) => runToEnd(executor, spec));
      expect(outcome).to.deep.include({ reason: 'Completed', exitCode: 0, outputs: expected });
      await withExecutor(place, async (executor) => {
        expect(await runToEnd(executor, spec)).to.deep.equal(outcome);
      });
    },
  },
  {
    name: 'has no outputs if nothing was written',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        expect(await runToEnd(executor, attemptOf(image, { run: 'exit 0' }))).not.to.have.property('outputs');
        expect(await runToEnd(executor, attemptOf(image, writing('')))).not.to.have.property('outputs');
      }),
  },
  {
    name: 'keeps the valid outputs of a failed attempt',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, writing('cause=disk full\\nnonsense\\n', 4)));
        expect(outcome).to.deep.include({ reason: 'ExitCode', exitCode: 4, outputs: { cause: 'disk full' } });
        expect(outcome.message).to.equal(
          'Ended with exit code 4. Line 2 of the outputs of step "main" is not of the form KEY=VALUE; write a value of several lines as KEY<<EOF, the lines, and EOF.',
        );
      }),
  },
  {
    name: 'fails an attempt with invalid outputs, and names step and line',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const refusals = {
          'good=1\\nbad\\n':
            'Line 2 of the outputs of step "step-1" is not of the form KEY=VALUE; write a value of several lines as KEY<<EOF, the lines, and EOF.',
          '\\n2nd=x\\n': 'Line 2 of the outputs of step "step-1" has an invalid key: ',
          'good=1\\nlatin=\\344\\n': 'Line 2 of the outputs of step "step-1" is not UTF-8.',
          'zero=a\\000b\\n': 'Line 1 of the outputs of step "step-1" has a zero byte.',
        };
        for (const [text, sentence] of Object.entries(refusals)) {
          const outcome = await runToEnd(executor, attemptOf(image, writing('first=1'), writing(text)));
          expect(outcome, text).to.include({ reason: 'ConfigError', exitCode: 0 });
          expect(outcome.message).to.contain(sentence);
          expect(outcome.outputs).to.deep.equal(text.startsWith('good') ? { first: '1', good: '1' } : { first: '1' });
        }
      }),
  },
  {
    name: `accepts ${stepBytes} bytes of a step and ${jobBytes} of a job, and fails if there is more`,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const full = writing(filling(stepBytes));
        const rest = jobBytes - 2 * stepBytes;
        const most = await runToEnd(executor, attemptOf(image, full, full, writing(filling(rest, 'REST'))));
        expect(most).to.include({ reason: 'Completed' });
        expect([most.outputs?.['KEY']?.length, most.outputs?.['REST']?.length]).to.deep.equal([
          stepBytes - 5,
          rest - 6,
        ]);
        const step = await runToEnd(executor, attemptOf(image, writing('small=1\\n'), writing(filling(stepBytes + 1))));
        expect(step).to.deep.include({ reason: 'ConfigError', exitCode: 0, outputs: { small: '1' } });
        expect(step.message).to.equal('Step "step-1" wrote more than 3072 bytes of outputs, the limit of a step.');
        const job = await runToEnd(executor, attemptOf(image, full, full, writing(filling(rest + 1))));
        expect(job).to.include({ reason: 'ConfigError', exitCode: 0 });
        expect(job.message).to.equal('With step "step-2" the outputs exceed 8192 bytes, the limit of a job.');
      }),
  },
  {
    name: 'fails an attempt that replaces the file of its outputs by something else',
    needs: ({ output, replaceableOutputFile }) => output && replaceableOutputFile,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        for (const made of ['mkdir', 'mkfifo', 'ln -s /etc/passwd']) {
          const outcome = await runToEnd(executor, attemptOf(image, { run: `${made} "$CHAINR_OUTPUT"` }));
          expect(outcome, made).to.include({ reason: 'ConfigError', exitCode: 0 });
          expect(outcome.message).to.equal('The output file of step "main" is not a regular file that can be read.');
          expect(outcome).not.to.have.property('outputs');
        }
      }),
  },
  {
    name: 'reads no more of huge outputs than it needs to refuse them',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const endless = attemptOf(image, { run: 'yes KEY=value | head -c 50000000 > "$CHAINR_OUTPUT"' });
        expect((await runToEnd(executor, endless)).message).to.contain('more than 3072 bytes');
      }),
  },
  {
    name: 'gives every step its own file, to which other programs can append',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const append = {
          run: `sh -c 'echo "$CHAINR_STEP=done" >> "$CHAINR_OUTPUT"'; [ $(wc -l < "$CHAINR_OUTPUT") = 1 ]`,
        };
        const named = attemptOf(image, append, append);
        const spec = { ...named, steps: named.steps.map((step, index) => ({ ...step, name: `s${index}` })) };
        expect(await runToEnd(executor, spec)).to.deep.include({ outputs: { s0: 'done', s1: 'done' } });
      }),
  },
];
