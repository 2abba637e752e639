import { expect } from 'chai';
import type { AttemptKey } from '../src/port.js';
import {
  allow,
  attemptOf,
  expectNothingLeft,
  never,
  remainsOf,
  runToEnd,
  untilExecuting,
  withExecutor,
  type Place,
  type Row,
} from './place.js';

/** Removes all that there is of an attempt behind the executor's back. */
async function vanish(place: Place, key: AttemptKey): Promise<void> {
  if (!place.vanish) throw new Error('a place whose attempts can vanish says how');
  await place.vanish(key);
}

const canVanish: Row['needs'] = (capabilities) => capabilities.canVanish;

/** See Started once: whoever cannot prove that an attempt never began does not start it again. */
export const vanishingRows: Row[] = [
  {
    name: 'records a start before it starts anything',
    needs: canVanish,
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'true' }, { run: 'true' });
      await withExecutor(place, async (executor) => {
        const refused = executor
          .ensure(spec, allow, () => Promise.reject(new Error('it is not recorded')))
          .then(() => executor.observe(spec, () => undefined, never()));
        const error: unknown = await refused.catch((reason: unknown) => reason);
        expect(String(error)).to.contain('it is not recorded');
      });
      const recorded: number[] = [];
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow, async (starts) => void recorded.push(starts));
        const outcome = await executor.observe(spec, () => undefined, never());
        expect(outcome.reason).to.equal('Completed');
        expect(outcome.steps).to.have.length(2);
      });
      expect(recorded).to.deep.equal([...new Set(recorded)].sort());
      expect(recorded.at(-1)).to.equal(2);
    },
  },
  {
    name: 'starts what is gone and whose start was not recorded',
    needs: canVanish,
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'exit 3' });
      await withExecutor(place, async (executor) => {
        const refused = executor
          .ensure(spec, allow, () => Promise.reject(new Error('the worker dies')))
          .then(() => executor.observe(spec, () => undefined, never()));
        await refused.catch(() => undefined);
      });
      await withExecutor(place, async (executor) => {
        const { startsAtCreation } = executor.capabilities;
        expect(await remainsOf(executor, spec)).to.have.length(startsAtCreation ? 0 : 1);
      });
      await vanish(place, spec);
      const outcome = await withExecutor(place, (executor) => runToEnd(executor, spec));
      expect(outcome).to.include({ reason: 'ExitCode', exitCode: 3 });
    },
  },
  {
    name: 'calls an attempt Lost that somebody removed after its end, and does not start it again',
    needs: canVanish,
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'true' });
      let starts = 0;
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow, async (count) => void (starts = count));
        await executor.observe(spec, () => undefined, never());
      });
      await vanish(place, spec);
      await withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, { ...spec, starts });
        expect(outcome).to.include({ reason: 'Lost' });
        expect(outcome.message).to.contain('removed');
        expect(outcome).not.to.have.property('exitCode');
        await expectNothingLeft(executor, spec);
      });
    },
  },
  {
    name: 'learns of the record while it already looks for the attempt',
    needs: canVanish,
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'true' });
      await withExecutor(place, (executor) => runToEnd(executor, spec));
      await vanish(place, spec);
      await withExecutor(place, async (executor) => {
        const looks = executor.observe(spec, () => undefined, never());
        const outcomes = [await looks, await runToEnd(executor, { ...spec, starts: 1 })];
        expect(outcomes.map(({ reason }) => reason)).to.deep.equal(['Lost', 'Lost']);
        await expectNothingLeft(executor, spec);
      });
    },
  },
  {
    name: 'leaves nothing running of an attempt that somebody removed while it ran',
    needs: canVanish,
    run: async (place, image) => {
      const spec = attemptOf(image, { run: 'sleep 300' });
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
      });
      await vanish(place, spec);
      await withExecutor(place, async (executor) => {
        expect((await runToEnd(executor, { ...spec, starts: 1 })).reason).to.equal('Lost');
        await expectNothingLeft(executor, spec);
      });
    },
  },
];
