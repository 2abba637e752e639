import { expect } from 'chai';
import {
  allOutput,
  allow,
  attemptOf,
  needsOutput,
  never,
  runToEnd,
  textOf,
  untilExecuting,
  untilReady,
  withExecutor,
  withTwoExecutors,
  type Row,
} from './place.js';

const ready = 'echo ready';

/** Shells that would report the end of a child if they outlived it. Each prints that it is ready, and waits. */
const waitingShells: Record<string, string> = {
  'a shell that waits for a program': `${ready}; sleep 300; :`,
  'shells in shells': `sh -c 'sh -c "${ready}; sleep 300; :"; :'; :`,
  'a shell that waits for what it has in the background': `sleep 300 & sleep 300 & ${ready}; wait; wait`,
  'a pipeline': `{ ${ready}; sleep 300; } | { cat; sleep 300; }; :`,
  'a shell in the background': `sh -c '${ready}; sleep 300; :' & wait; :`,
  'a shell that left the process group, and one that left the session': `timeout 300 sh -c 'sleep 300; :' & setsid sh -c '${ready}; sleep 300; :' & wait; :`,
};
/** How often each is tried: the output of shells depends on which process is faster. */
const attemptsEach = 4;

export const stoppingRows: Row[] = [
  {
    name: 'lets a script end by itself within the grace period',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, {
          run: `trap 'echo cleaned; exit 7' TERM; ${ready}; while :; do sleep 0.05; done`,
        });
        await executor.ensure(spec, allow);
        await untilReady(executor, spec);
        await executor.stop(spec, 20_000, allow);
        const outcome = await executor.observe(spec, () => undefined, never());
        expect(outcome).to.include({ reason: 'ExitCode', exitCode: 7 });
        expect(textOf(await allOutput(executor, spec))).to.contain('cleaned\n');
      }),
  },
  {
    name: 'kills a script that ignores the stop',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: `trap '' TERM; ${ready}; while :; do sleep 0.05; done` });
        await executor.ensure(spec, allow);
        await untilReady(executor, spec);
        await executor.stop(spec, 100, allow);
        expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Signal', exitCode: 137 });
        const found = (await executor.list()).find(({ run }) => run === spec.run);
        expect(found?.alive).to.equal(false);
      }),
  },
  ...Object.entries(waitingShells).flatMap(([what, run]): Row[] =>
    [
      { name: `adds nothing to the output of ${what} that it stops`, script: run, graceMs: 20_000, code: 143 },
      { name: `adds nothing to the output of ${what} that it kills`, script: `trap '' TERM; ${run}`, graceMs: 0, code: 137 }, // prettier-ignore
    ].map(({ name, script, graceMs, code }) => ({
      name,
      needs: needsOutput,
      run: (place, image) =>
        withExecutor(place, async (executor) => {
          const stopOne = async () => {
            const spec = attemptOf(image, { run: script });
            await executor.ensure(spec, allow);
            await untilReady(executor, spec);
            await executor.stop(spec, graceMs, allow);
            const { exitCode } = await executor.observe(spec, () => undefined, never());
            return [exitCode, (await allOutput(executor, spec)).map(({ bytes }) => bytes.toString()).join('')];
          };
          const seen = await Promise.all(Array.from({ length: attemptsEach }, stopOne));
          expect(seen).to.deep.equal(seen.map(() => [code, 'ready\n']));
        }),
    })),
  ),
  {
    name: 'starts no further step after a stop, tolerated or not',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: `${ready}; sleep 300`, continueOnError: true }, { run: 'echo never' });
        await executor.ensure(spec, allow);
        await untilReady(executor, spec);
        await executor.stop(spec, 5000, allow);
        const outcome = await executor.observe(spec, () => undefined, never());
        expect(outcome.reason).to.not.equal('Completed');
        expect(textOf(await allOutput(executor, spec))).to.equal('ready\n');
      }),
  },
  {
    name: 'reserves the name of an attempt that was never started, so that nothing starts it later',
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const spec = attemptOf(image, { run: 'echo never' });
        await one.stop(spec, 0, allow);
        await two.ensure(spec, allow);
        const outcome = await two.observe(spec, () => undefined, never());
        expect(outcome.reason).to.equal('Lost');
        expect(outcome).not.to.have.property('exitCode');
        expect(await allOutput(two, spec)).to.deep.equal([]);
      }),
  },
  {
    name: 'stops an attempt whether it has started or not',
    needs: needsOutput,
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const specs = Array.from({ length: 20 }, () => attemptOf(image, { run: 'sleep 300' }));
        await Promise.all(
          specs.map(async (spec) => {
            await one.ensure(spec, allow);
            await two.stop(spec, 5000, allow);
            const outcome = await one.observe(spec, () => undefined, never());
            expect(['Lost', 'Signal']).to.include(outcome.reason);
          }),
        );
        const runs = new Set(specs.map(({ run }) => run));
        expect((await one.list()).filter(({ run, alive }) => alive && runs.has(run))).to.deep.equal([]);
      }),
  },
  {
    name: 'changes nothing about an attempt that has ended',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'exit 3' });
        const outcome = await runToEnd(executor, spec);
        await executor.stop(spec, 0, allow);
        await executor.stop(spec, 0, allow);
        expect(await executor.observe(spec, () => undefined, never())).to.deep.equal(outcome);
      }),
  },
  {
    name: 'stops watching on request, and the attempt continues',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        const told = new AbortController();
        const watching = executor.observe(spec, () => undefined, told.signal).catch((reason: unknown) => reason);
        told.abort(new Error('told so'));
        expect(String(await watching)).to.contain('told so');
        expect((await executor.list()).find(({ run }) => run === spec.run)?.alive).to.equal(true);
        await executor.stop(spec, 5000, allow);
      }),
  },
];
