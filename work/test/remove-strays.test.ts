import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { createLogger } from '@chainr/core/service/logger';
import { keys, type Lease } from '@chainr/core/store/redis/keys';
import { nameOf } from '@chainr/executor/fake/fake-world';
import type { AttemptKey } from '@chainr/executor/port';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { builtClaim } from './built-claim.js';
import { removeStrays, type StrayTimes } from '../src/sweeps/remove-strays.js';
import { holding, never, openWorker, type OpenWorker, type WorkerParts } from './open-worker.js';

const removalGraceMs = 60_000;
const longMs = 3_600_000;
const unknownRun: RunUid = '01990000-0000-7000-8000-00000000dead';

describe('what an executor has that belongs to no attempt', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  beforeEach(async () => {
    executor = holding();
    worker = await openWorker({ removalGraceMs }, executor);
  });
  afterEach(() => worker.close());

  const sweepOf = (times: Partial<StrayTimes> = {}, { context }: WorkerParts = worker) => {
    const sweep = removeStrays(context, { everyMs: 60_000, knownForMs: 0, redisUpMs: 0, ...times });
    return async () => (await sweep.sweep(never)).changed;
  };
  const startHere = (key: AttemptKey) => executor.ensure({ ...key, pipeline: '', steps: [] }, () => undefined);
  const found = (key: AttemptKey) => executor.world.attempts.get(nameOf(key));
  const keyOf = ({ run, attempt }: Lease): AttemptKey => ({ run, job: 'only', attempt });

  describe('and that Redis does not know', () => {
    const stray: AttemptKey = { run: unknownRun, job: 'only', attempt: 1 };
    beforeEach(() => startHere(stray));

    it('is removed once it was seen for long', async () => {
      const sweep = sweepOf({ knownForMs: 20 });
      const firstSeenAt = performance.now();
      expect(await sweep()).to.equal(0);
      expect(found(stray)?.outcome).to.equal(undefined);
      await untilFound('the removal', sweep);
      expect(performance.now() - firstSeenAt).to.be.above(20);
      expect(found(stray)).to.equal(undefined);
    });

    it('stays as long as it was not seen for long, whatever time it is for Redis', async () => {
      const sweep = sweepOf({ knownForMs: longMs });
      expect(await sweep()).to.equal(0);
      await worker.forward(2 * longMs);
      expect(await sweep()).to.equal(0);
      expect(found(stray)?.outcome).to.equal(undefined);
    });

    it('stays as long as Redis is young', async () => {
      const sweep = sweepOf({ redisUpMs: longMs });
      expect([await sweep(), await sweep()]).to.eql([0, 0]);
      expect(found(stray)?.outcome).to.equal(undefined);
    });

    it('is seen anew when it was away in between', async () => {
      const sweep = sweepOf({ knownForMs: 20 });
      const firstSeenAt = performance.now();
      await sweep();
      await untilFound(
        'the time after which it is removed',
        () => performance.now() - firstSeenAt,
        (ms) => ms > 21,
      );
      await executor.remove(stray, () => undefined);
      await sweep();
      await startHere(stray);
      expect(await sweep()).to.equal(0);
      expect(found(stray)?.outcome).to.equal(undefined);
    });

    it('may also be a later attempt, or another job, of a run that is known', async () => {
      const { run } = await builtClaim(worker, 'other');
      const later: AttemptKey = { run, job: 'only', attempt: 2 };
      const other: AttemptKey = { run, job: 'no-such-job', attempt: 1 };
      await startHere(later);
      await startHere(other);
      expect(await sweepOf()()).to.equal(3);
      expect(executor.world.attempts.size).to.equal(0);
    });
  });

  describe('since its attempt is over', () => {
    /** An attempt of a lost host that has come back: it is Lost, and still runs. */
    async function given(): Promise<Lease> {
      const lease = await builtClaim(worker, 'dead');
      await startHere(keyOf(lease));
      expect(await worker.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs })).to.equal('ok');
      return lease;
    }
    const forget = (lease: Lease) => worker.store.remains.forgetDue(worker.context.executorNumber(), lease);

    it('is stopped at once, and its name stays taken', async () => {
      const lease = await given();
      const sweep = sweepOf({ knownForMs: longMs, redisUpMs: longMs });
      expect(await sweep()).to.equal(1);
      expect(found(keyOf(lease))?.outcome).to.include({ exitCode: 143 });
      expect(await sweep()).to.equal(0);
      expect(executor.world.attempts.has(nameOf(keyOf(lease)))).to.be.true;
    });

    it('is left alone if it ended while the sweep looked', async () => {
      const lease = await builtClaim(worker, 'dead');
      await startHere(keyOf(lease));
      const list = executor.list.bind(executor);
      const stops: AttemptKey[] = [];
      const stop = executor.stop.bind(executor);
      let looks = 0;
      const slow = {
        ...executor,
        list: async () => {
          const seen = await list();
          looks += 1;
          if (looks > 1) return seen;
          executor.end(keyOf(lease), completed);
          await worker.store.transitions.finish(lease, completed, {}, { closeGraceMs: removalGraceMs });
          return seen.map((each) => ({ ...each, alive: true }));
        },
        stop: async (...asked: Parameters<typeof stop>) => {
          stops.push(asked[0]);
          await stop(...asked);
        },
      };
      expect(await sweepOf({}, { ...worker, context: { ...worker.context, executor: slow } })()).to.equal(0);
      expect([looks, stops]).to.deep.equal([2, []]);
    });

    it('is removed when nobody else is to remove it any more', async () => {
      const lease = await given();
      await forget(lease);
      const sweep = sweepOf({ knownForMs: longMs, redisUpMs: longMs });
      expect(await sweep()).to.equal(1);
      expect(found(keyOf(lease))).to.equal(undefined);
    });

    it('is removed when its removal grace is over for sure, not before', async () => {
      const lease = await builtClaim(worker, 'dead');
      await startHere(keyOf(lease));
      await worker.store.transitions.finish(lease, completed, {}, { closeGraceMs: removalGraceMs });
      executor.end(keyOf(lease), completed);
      await forget(lease);
      const sweep = sweepOf();
      await worker.forward(removalGraceMs + 1);
      expect(await sweep()).to.equal(0);
      await worker.forward(2 * removalGraceMs + 1);
      expect(await sweep()).to.equal(1);
      expect(found(keyOf(lease))).to.equal(undefined);
    });
  });

  describe('and that cannot be ended now', () => {
    const strays = ['first', 'second', 'third'].map((job): AttemptKey => ({ run: unknownRun, job, attempt: 1 }));
    const [first, second, third] = strays as [AttemptKey, AttemptKey, AttemptKey];
    const fault = new Error('/jobs/first/shared: operation not permitted');
    let stubborn: Set<string>;
    let tries: string[];
    let told: { event?: string; job?: string; err?: { message: string } }[];

    /** A sweep whose executor fails to stop or remove the stubborn attempts. */
    const sweepWhere = (refused: 'stop' | 'remove', times: Partial<StrayTimes> = {}) => {
      stubborn = new Set();
      tries = [];
      told = [];
      const verbs = { stop: executor.stop.bind(executor), remove: executor.remove.bind(executor) };
      const refuse = (key: AttemptKey) => {
        if (!stubborn.has(key.job)) return;
        tries.push(key.job);
        throw fault;
      };
      const harmed = {
        ...executor,
        stop: async (...asked: Parameters<typeof verbs.stop>) => {
          if (refused === 'stop') refuse(asked[0]);
          await verbs.stop(...asked);
        },
        remove: async (...asked: Parameters<typeof verbs.remove>) => {
          if (refused === 'remove') refuse(asked[0]);
          await verbs.remove(...asked);
        },
      };
      const write = (line: string) => void told.push(JSON.parse(line) as (typeof told)[number]);
      const context = { ...worker.context, executor: harmed, logger: createLogger('work', 'info', { write }) };
      return sweepOf(times, { ...worker, context });
    };
    const toldOf = (event: string, job: string) => told.filter((each) => each.event === event && each.job === job);

    for (const refused of ['stop', 'remove'] as const) {
      it(`keeps no other from it (${refused})`, async () => {
        const sweep = sweepWhere(refused);
        stubborn.add('first').add('third');
        for (const key of strays) await startHere(key);
        expect(await sweep()).to.equal(1);
        expect([first, second, third].map((key) => found(key) === undefined)).to.eql([false, true, false]);
        stubborn.delete('third');
        expect(await sweep()).to.equal(1);
        expect([first, third].map((key) => found(key) === undefined)).to.eql([false, true]);
      });

      it(`keeps no other from being seen for the first time (${refused})`, async () => {
        const sweep = sweepWhere(refused, { everyMs: longMs, knownForMs: 20 });
        stubborn.add('first');
        await startHere(first);
        await untilFound(
          'the first try',
          async () => [await sweep(), tries.length],
          ([, count]) => count !== 0,
        );
        await startHere(second);
        await untilFound('the removal of the second', sweep);
        expect(found(second)).to.equal(undefined);
        expect(found(first)).to.not.equal(undefined);
      });

      it(`is tried less and less often, and told once, with what is in the way (${refused})`, async () => {
        const sweep = sweepWhere(refused, { everyMs: longMs });
        stubborn.add('first');
        await startHere(first);
        for (let pass = 0; pass < 20; pass += 1) expect(await sweep()).to.equal(0);
        expect(tries).to.eql(['first', 'first']);
        expect(toldOf('stray.found', 'first')).to.have.length(1);
        expect(toldOf('stray.stuck', 'first').map(({ err }) => err?.message)).to.eql([fault.message]);
      });

      it(`goes once it can (${refused})`, async () => {
        const sweep = sweepWhere(refused, { everyMs: 5 });
        stubborn.add('first');
        await startHere(first);
        await untilFound(
          'four tries',
          async () => [await sweep(), tries.length] as const,
          ([, count]) => count >= 4,
        );
        stubborn.clear();
        await untilFound('the removal', sweep);
        expect(found(first)).to.equal(undefined);
        expect(toldOf('stray.stuck', 'first')).to.have.length(1);
      });
    }

    it('is forgotten where somebody else removed it', async () => {
      const sweep = sweepWhere('remove', { everyMs: longMs });
      stubborn.add('first');
      await startHere(first);
      for (let pass = 0; pass < 5; pass += 1) await sweep();
      expect(tries).to.have.length(2);
      await executor.remove(first, () => undefined);
      await sweep();
      await startHere(first);
      await sweep();
      expect(tries, 'what comes back is tried at once').to.have.length(3);
    });

    it('may be one whose attempt is over, beside one that Redis does not know', async () => {
      const lease = await builtClaim(worker, 'dead');
      const over = keyOf(lease);
      const sweep = sweepWhere('stop');
      stubborn.add('only');
      await startHere(over);
      await startHere(second);
      await worker.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs });
      expect(await sweep()).to.equal(1);
      expect(found(second)).to.equal(undefined);
      expect(found(over)?.outcome).to.equal(undefined);
      stubborn.clear();
      expect(await sweep()).to.equal(1);
      expect(found(over)?.outcome).to.include({ exitCode: 143 });
    });
  });

  it('is never an attempt that is open', async () => {
    const running = await builtClaim(worker, 'other');
    await startHere(keyOf(running));
    const ended = await builtClaim(worker, 'other');
    await startHere(keyOf(ended));
    await worker.store.transitions.finish(ended, completed, {});
    const waiting = await builtClaim(worker, 'other');
    await worker.store.transitions.requeue(waiting, 'Interrupted', '', { removalGraceMs });
    await startHere({ ...keyOf(waiting), attempt: 2 });
    const sweep = sweepOf();
    await worker.forward(longMs);
    expect([await sweep(), await sweep()]).to.eql([0, 0]);
    expect([...executor.world.attempts.values()].map(({ outcome }) => outcome)).to.eql([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is one worker’s to look for, until that one is gone', async () => {
    const [first, second] = [sweepOf(), sweepOf({}, worker.beside('second'))];
    expect(await first()).to.equal(0);
    await startHere({ run: unknownRun, job: 'only', attempt: 1 });
    expect(await second()).to.equal(0);
    expect(await first()).to.equal(1);
    await startHere({ run: unknownRun, job: 'only', attempt: 2 });
    expect(await second()).to.equal(0);
    // Redis drops the turn when its holder has not renewed it for long.
    await worker.client.del(keys.turn(`strays:${worker.context.executor.id}`));
    expect(await second()).to.equal(1);
    expect(await first()).to.equal(0);
  });
});
