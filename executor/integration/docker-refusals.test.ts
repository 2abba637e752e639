import { expect } from 'chai';
import { importShellless } from '@chainr/testkit/docker-daemon';
import { untilFound } from '@chainr/testkit/until-found';
import type { Outcome } from '@chainr/core/engine/outcome';
import type { AttemptSpec, Executor } from '../src/port.js';
import { allow, attemptOf, never, runToEnd, untilExecuting, withExecutor, type StepDraft } from '../suite/place.js';
import { makeDockerPlace, useDockerPlace } from './docker-place.js';
import { startRefusingDaemon, type Refusal } from './refusing-daemon.js';

const image = 'busybox';
const shellless = 'shellless';

describe('what a Docker daemon refuses', function () {
  this.timeout(120_000);
  const place = useDockerPlace();
  before(() => importShellless(place.socketPath, `${shellless}:latest`));

  const outcomeOf = (...steps: StepDraft[]): Promise<Outcome> =>
    withExecutor(place, (executor) => runToEnd(executor, attemptOf(image, ...steps)));

  describe('a workdir that cannot be made', () => {
    const workdirs = {
      'is a file': ['/bin/busybox', 'not a directory'],
      'is below a file': ['/bin/busybox/a/b', 'not a directory'],
      'has too long a name': [`/${'a'.repeat(300)}`, 'file name too long'],
    } as const;
    for (const [what, [workdir, fault]] of Object.entries(workdirs)) {
      it(`is a ConfigError at once when it ${what}`, async () => {
        const { reason, message } = await outcomeOf({ run: 'true', workdir });
        expect([reason, message]).to.deep.equal([
          'ConfigError',
          `The workdir "${workdir}" of step "main" cannot be made: ${fault}.`,
        ]);
      });
    }

    it('is one in a later step too, and the steps before are told', async () => {
      const { reason, message, steps } = await outcomeOf({ run: 'true' }, { run: 'true', workdir: '/bin/busybox' });
      expect(reason).to.equal('ConfigError');
      expect(message).to.contain('step "step-1"').and.not.contain('overlay');
      expect(steps?.map(({ exitCode }) => exitCode)).to.deep.equal([0]);
    });
  });

  describe('a script on an image without a shell', () => {
    const sentence = `The image ${shellless} of step "main" has no /bin/sh, which "run" needs.`;

    it('is a ConfigError that names the image, and no exit code of the script', async () => {
      const outcome = await outcomeOf({ run: 'true', image: shellless });
      expect(outcome.reason).to.equal('ConfigError');
      expect(outcome.message).to.contain(sentence);
      expect(outcome).not.to.have.property('exitCode');
    });

    it('ends the attempt although the step may fail', async () => {
      const steps = [{ run: 'true', image: shellless, continueOnError: true }, { run: 'true' }];
      const { reason, message } = await outcomeOf(...steps);
      expect([reason, message?.includes('has no /bin/sh')]).to.deep.equal(['ConfigError', true]);
    });

    it('does not concern a command', async () => {
      const { reason } = await outcomeOf({ command: ['/busybox', 'true'], image: shellless });
      expect(reason).to.equal('Completed');
    });

    it('is told apart from a script that ends with 127 by itself', async () => {
      for (const run of ['exit 127', 'no-such-program']) {
        const { reason, exitCode } = await outcomeOf({ run });
        expect([reason, exitCode], run).to.deep.equal(['ExitCode', 127]);
      }
    });
  });

  describe('errors of its own', () => {
    const broken: Refusal = { status: 500, message: 'the shim is out of order' };

    const withRefusals = async <T>(
      refuse: (url: string) => Refusal | undefined,
      startPatienceMs: number,
      work: (executor: Executor, refusals: () => number) => Promise<T>,
    ): Promise<T> => {
      const refusing = await startRefusingDaemon(place.socketPath, ({ url = '' }) => refuse(url));
      const behind = await makeDockerPlace(refusing.socketPath, { startPatienceMs });
      try {
        return await withExecutor(behind, (executor) => work(executor, refusing.refusals));
      } finally {
        await behind.destroy();
        await refusing.close();
      }
    };
    /** Asks as a worker does: again and again while the daemon is out of order. */
    const untilOutcome = async (
      executor: Executor,
      spec: AttemptSpec,
    ): Promise<{ outcome: Outcome; errors: string[] }> => {
      const errors: string[] = [];
      const attempt = async () => {
        await executor.ensure(spec, allow);
        return executor
          .observe(spec, () => undefined, never())
          .catch((error: unknown) => void errors.push(String(error)));
      };
      const outcome = await untilFound('the outcome of the attempt', attempt);
      return outcome ? { outcome, errors } : expect.fail('no outcome');
    };

    // Without retries one refusal is enough. The container that then has the name is created again.
    for (const [what, pattern] of [
      ['create', /\/containers\/create\?/],
      ['start', /\/start$/],
    ] as const) {
      it(`make the attempt Lost, with the daemon's words, when the patience with a refused ${what} is over`, async () => {
        let left = 1;
        const refuse = (url: string): Refusal | undefined => (pattern.test(url) && left-- > 0 ? broken : undefined);
        await withRefusals(refuse, 0, async (executor) => {
          const { outcome } = await untilOutcome(executor, attemptOf(image, { run: 'true' }));
          expect(outcome.reason).to.equal('Lost');
          expect(outcome.message).to.equal('The Docker daemon could not start step "main": the shim is out of order.');
        });
      });
    }

    it('are tried again while there is patience, and then it runs', async () => {
      let left = 3;
      const refuse = (url: string): Refusal | undefined =>
        /\/containers\/(create\?|.*\/start$)/.test(url) && left-- > 0 ? broken : undefined;
      await withRefusals(refuse, 60_000, async (executor, refusals) => {
        const { outcome, errors } = await untilOutcome(executor, attemptOf(image, { run: 'true' }));
        expect(outcome.reason).to.equal('Completed');
        expect(refusals()).to.equal(3);
        expect(errors.join()).to.contain('the shim is out of order');
      });
    });

    it('are no news of what runs, which is told anew when it is seen again', async () => {
      let isOut = false;
      const refuse = (url: string): Refusal | undefined => (isOut && url.includes('/containers/') ? broken : undefined);
      await withRefusals(refuse, 60_000, async (executor) => {
        const spec = attemptOf(image, { run: 'exec sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        isOut = true;
        const told: string[] = [];
        const watched = executor.observe(spec, ({ reason }) => told.push(reason), never());
        const error: unknown = await watched.catch((reason: unknown) => reason);
        isOut = false;
        expect(String(error)).to.contain('the shim is out of order');
        expect(told).to.deep.equal([]);
        await untilExecuting(executor, spec);
        await executor.stop(spec, 0, allow);
      });
    });
  });
});
