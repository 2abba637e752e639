import { expect } from 'chai';
import type { PhaseChange } from '../src/port.js';
import {
  allOutput,
  allow,
  attemptOf,
  expectNothingLeft,
  needsOutput,
  never,
  runToEnd,
  textOf,
  untilExecuting,
  withExecutor,
  withTwoExecutors,
  type Row,
} from './place.js';

export const startingRows: Row[] = [
  {
    name: 'answers a ping',
    run: (place) => withExecutor(place, (executor) => executor.ping()),
  },
  {
    name: 'starts an attempt once, however many workers request it at the same time',
    needs: ({ output, manyOwners }) => output && manyOwners,
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const spec = attemptOf(image, { run: 'cd "$CHAINR_WORKSPACE"; echo started >> ledger; cat ledger' });
        await Promise.all(Array.from({ length: 20 }, (_, turn) => (turn % 2 ? one : two).ensure(spec, allow)));
        const outcomes = await Promise.all([one, two].map((each) => each.observe(spec, () => undefined, never())));
        for (const executor of [one, two, one]) await executor.ensure(spec, allow);
        expect(outcomes.map(({ reason }) => reason)).to.deep.equal(['Completed', 'Completed']);
        expect(textOf(await allOutput(two, spec))).to.equal('started\n');
      }),
  },
  {
    name: 'starts an attempt once, however often its worker requests it',
    needs: needsOutput,
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const spec = attemptOf(image, { run: 'cd "$CHAINR_WORKSPACE"; echo started >> ledger; cat ledger' });
        await Promise.all(Array.from({ length: 20 }, () => one.ensure(spec, allow)));
        expect((await one.observe(spec, () => undefined, never())).reason).to.equal('Completed');
        for (const executor of [one, two, one]) await executor.ensure(spec, allow);
        expect((await two.observe(spec, () => undefined, never())).reason).to.equal('Completed');
        expect(textOf(await allOutput(two, spec))).to.match(/^started\n$/);
      }),
  },
  {
    name: 'creates nothing again that is known to have run',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = { ...attemptOf(image, { run: 'exit 0' }), begun: true };
        await executor.ensure(spec, allow);
        const { reason } = await executor.observe(spec, () => undefined, never());
        expect(['Lost', 'Deleted']).to.include(reason);
        await expectNothingLeft(executor, spec);
      }),
  },
  {
    name: 'reports once that an attempt executes, and since when',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const before = Date.now();
        const spec = attemptOf(image, { run: 'sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        const changes: PhaseChange[] = [];
        const outcome = executor.observe(spec, (change) => changes.push(change), never());
        await executor.stop(spec, 5000, allow);
        await outcome;
        expect(changes.map(({ reason }) => reason)).to.deep.equal(['Executing']);
        // File systems keep times in ticks of some milliseconds.
        const earliest = before - Math.max(20, executor.capabilities.timeStepMs);
        expect(changes[0]?.at).to.be.within(earliest, Date.now());
      }),
  },
  {
    name: 'reports the outcome to a worker that starts after the end',
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'exit 3' });
      const first = await withExecutor(place, (executor) => runToEnd(executor, spec));
      const second = await withExecutor(place, (executor) => executor.observe(spec, () => undefined, never()));
      expect(second).to.deep.equal(first);
      expect(second).to.include({ reason: 'ExitCode', exitCode: 3 });
    },
  },
  {
    name: 'continues without its worker, and a new one sees the end',
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'sleep 300' });
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
      });
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        await executor.stop(spec, 5000, allow);
      });
    },
  },
  {
    name: 'reports Lost for an attempt of which nothing exists',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const outcome = await executor.observe(attemptOf(image, { run: 'exit 0' }), () => undefined, never());
        expect(outcome.reason).to.equal('Lost');
        expect(outcome).not.to.have.property('exitCode');
      }),
  },
  {
    name: 'writes nothing if the lease may have ended',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'exit 0' });
        const refuse = (): never => {
          throw new Error('the lease has ended');
        };
        for (const write of [() => executor.ensure(spec, refuse), () => executor.stop(spec, 0, refuse)]) {
          const error: unknown = await Promise.resolve()
            .then(write)
            .catch((reason: unknown) => reason);
          expect(String(error)).to.contain('the lease has ended');
        }
        expect((await executor.list()).filter(({ run }) => run === spec.run)).to.deep.equal([]);
      }),
  },
  {
    name: 'lists the existing attempts and whether they run, without removed ones',
    run: (place, image) =>
      withTwoExecutors(place, async (one, two) => {
        const ended = attemptOf(image, { run: 'exit 0' });
        const running = { ...attemptOf(image, { run: 'sleep 300' }), run: ended.run, job: 'another-job', attempt: 7 };
        await runToEnd(one, ended);
        await one.ensure(running, allow);
        await untilExecuting(one, running);
        const here = async () =>
          (await two.list())
            .filter(({ run }) => run === ended.run)
            .map(({ job, attempt, alive }) => `${job} ${attempt} ${alive ? 'alive' : 'ended'}`)
            .sort();
        expect(await here()).to.deep.equal(['another-job 7 alive', 'some-job 1 ended']);
        await two.stop(running, 5000, allow);
        await two.remove(running, allow);
        await one.remove(ended, allow);
        await one.remove(ended, allow);
        expect(await here()).to.deep.equal([]);
      }),
  },
];
