import { expect } from 'chai';
import { keys, type Lease } from '@chainr/core/store/redis/keys';
import { linesOf } from '@chainr/core/store/logs/log-page';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { AttemptKey, AttemptSpec, LogBatch } from '@chainr/executor/port';
import { untilFound } from '@chainr/testkit/until-found';
import { builtClaim } from './built-claim.js';
import { LogWriter } from '../src/attempt/log-writer.js';
import { Mask, noMask } from '../src/mask/mask.js';
import { noHolder, openWorker, type OpenWorker } from './open-worker.js';

/** Positions count lines, as with the fake executor. */
const batchOf = (texts: readonly string[], position: number): LogBatch => {
  const chunks = texts.map(
    (text) => ({ time: 1, step: 'main', stream: 'stdout', bytes: Buffer.from(`${text}\n`) }) as const,
  );
  return { chunks, position: String(position) };
};

describe('the writer of a log', () => {
  let worker: OpenWorker;
  let lease: Lease;

  /** A writer whose executor yields batches from the requested position on. */
  function writerOf(
    batches: (from: number) => AsyncIterable<LogBatch>,
    at = { length: 0, position: '' },
    limit = 1000,
    mask = noMask,
    onStored: (position: string) => void = () => undefined,
  ) {
    const executor = {
      ...createFakeExecutor(),
      logs: (_: AttemptSpec, from: string) => batches(Number(from)),
      stored: (_: AttemptKey, position: string) => {
        onStored(position);
      },
    };
    const context = { ...worker.context, executor, config: { ...worker.context.config, logLimitBytes: limit } };
    const spec: AttemptSpec = { run: lease.run, job: 'only', attempt: 1, pipeline: '', steps: [] };
    const held = worker.context.leases.hold(lease, performance.now(), noHolder);
    return new LogWriter(context, { held, spec, log: { ...at }, mask });
  }

  const stored = () => worker.logOf(lease.run, 0);

  before(async () => {
    worker = await openWorker();
  });

  after(() => worker.close());

  beforeEach(async () => {
    lease = await builtClaim(worker, 'worker');
  });

  it('stores every line once and in order, then the end mark', async () => {
    const writer = writerOf(async function* () {
      yield batchOf(['one', 'two'], 2);
      yield batchOf(['three'], 3);
    });
    await writer.write();
    await writer.end();
    const page = await worker.store.logs.read(lease.run, 0, 1, { offset: 0, maxBytes: 1000 });
    expect(page).to.deep.include({ ended: true });
    expect(page && linesOf(page).map(({ text }) => text)).to.deep.equal(['one', 'two', 'three']);
  });

  it('collects lines before it reads on, but not after the end of the attempt', async () => {
    const askedAt: number[] = [];
    const writer = writerOf(async function* () {
      for (let batch = 1; batch <= 3; batch += 1) {
        askedAt.push(performance.now());
        if (batch === 3) writer.attemptEnded();
        yield batchOf([`batch ${String(batch)}`], batch);
      }
      askedAt.push(performance.now());
    });
    await writer.write();
    const [first = 0, second = 0, third = 0] = askedAt;
    expect(second - first).to.be.at.least(20);
    expect(third - second).to.be.at.least(20);
    expect(await stored()).to.have.length(3);
  });

  /** A thousand lines of ten bytes, in batches of `atOnce` lines. The position is the number of lines. */
  const lines = Array.from({ length: 1_000 }, (_, at) => `line ${String(at).padStart(4, '0')}`);
  const output = (from: number, atOnce: number, until = 1_000) =>
    (async function* () {
      for (let at = from; at < until; at += atOnce)
        yield batchOf(lines.slice(at, at + atOnce), Math.min(1_000, at + atOnce));
    })();
  const limitMark = 'The log has reached the limit of 4000 bytes. The end of the log follows after the job ends.';
  const cutOff = [
    ...lines.slice(0, 300),
    limitMark,
    '6000 bytes are missing here. These are the last 1000:',
    ...lines.slice(-100),
  ];

  for (const atOnce of [1, 7, 130, 1_000]) {
    it(`keeps the beginning and the end beyond the limit, and says how much is missing, in batches of ${String(atOnce)}`, async () => {
      const writer = writerOf((from) => output(from, atOnce), undefined, 4_000);
      writer.attemptEnded();
      await writer.write();
      await writer.end();
      expect(await stored()).to.deep.equal(cutOff);
      expect(await worker.client.hget(keys.log(lease.run, 0, 1), 'position')).to.equal('1000');
    });
  }

  for (const until of [299, 300, 301, 350, 399, 400]) {
    it(`stores all of an output of ${String(until)} lines if the limit is 400 lines`, async () => {
      const writer = writerOf((from) => output(from, 7, until), undefined, 4_000);
      writer.attemptEnded();
      await writer.write();
      await writer.end();
      const written = lines.slice(0, Math.ceil(until / 7) * 7);
      expect(written.length <= 400 ? await stored() : (await stored()).slice(0, 300)).to.deep.equal(
        written.slice(0, written.length <= 400 ? 400 : 300),
      );
    });
  }

  for (const killedAt of [200, 305, 420, 700, 999]) {
    it(`has the same beginning and end if its worker is killed at line ${String(killedAt)} and another one continues`, async () => {
      const killed = new Error('killed');
      const first = writerOf(async function* (from) {
        for await (const batch of output(from, 30)) {
          if (Number(batch.position) > killedAt) throw killed;
          yield batch;
        }
      }, undefined, 4_000); // prettier-ignore
      first.attemptEnded();
      expect(await first.write().catch((error: unknown) => error)).to.equal(killed);
      const key = keys.log(lease.run, 0, 1);
      const [length, position] = await worker.client.hmget(key, 'length', 'position');
      const second = writerOf((from) => output(from, 30), { length: Number(length), position: position ?? '' }, 4_000);
      second.attemptEnded();
      await second.write();
      await second.end();
      expect(await stored()).to.deep.equal(cutOff);
    });
  }

  it('never lets an executor drop output that another worker would need', async () => {
    const told: number[] = [];
    const needed: number[] = [];
    const writer = writerOf(async function* (from) {
      for await (const batch of output(from, 30)) {
        yield batch;
        needed.push(Number(/\d+$/.exec((await worker.client.hget(keys.log(lease.run, 0, 1), 'position')) ?? '0')?.[0]));
        expect(told.at(-1) ?? 0).to.be.at.most(needed.at(-1) ?? 0);
      }
    }, undefined, 4_000, noMask, (position) => told.push(Number(position))); // prettier-ignore
    writer.attemptEnded();
    await writer.write();
    expect(told.at(-1)).to.be.above(300);
    expect(told).to.deep.equal(told.toSorted((a, b) => a - b));
  });

  it('marks the cut if the store has no room for more logs, keeps the end, and the job continues', async () => {
    const writer = writerOf(async function* () {
      yield batchOf(['one'], 1);
      const stored = await worker.client.hget(keys.counters, 'logBytes');
      await worker.client.hset(keys.counters, 'logQuota', Number(stored) + 5);
      for (let at = 0; at < 1_000; at += 100) yield batchOf(lines.slice(at, at + 100), at + 101);
    }, undefined, 1_000_000); // prettier-ignore
    writer.attemptEnded();
    await writer.write();
    await writer.end();
    expect(await stored()).to.deep.equal(
      [
        'one',
        'The log is cut here: Redis has no room for more logs. The end of the log follows after the job ends.',
        '5904 bytes are missing here. These are the last 4096:',
        '0590',
        ...lines.slice(-409),
      ].map((line) => (line === '0590' ? ' 0590' : line)),
    );
    await worker.client.hdel(keys.counters, 'logQuota');
  });

  it('keeps what it has of the end when its end is cut', async () => {
    let isRead = false;
    const writer = writerOf(async function* (from) {
      yield* output(from, 50);
      isRead = true;
      await new Promise(() => undefined);
    }, undefined, 4_000); // prettier-ignore
    writer.attemptEnded();
    void writer.write();
    await untilFound('all output to be read', () => isRead);
    await writer.cut('Cut by hand.');
    await writer.end();
    expect(await stored()).to.deep.equal([...cutOff, 'Cut by hand.']);
  });

  it('continues from the end of the stored log, if that is not where it expected', async () => {
    const first = Buffer.from('0\n');
    await worker.store.transitions.appendLog(lease, { length: 0, bytes: first, position: '1', end: false });
    const writer = writerOf(async function* (from) {
      for (let line = from; line < 4; line += 1) yield batchOf([String(line)], line + 1);
    });
    await writer.write();
    await writer.end();
    expect(await stored()).to.deep.equal(['0', '1', '2', '3']);
  });

  it('stores lost output again, before the end mark', async () => {
    const writer = writerOf(async function* (from) {
      for (let line = from; line < 4; line += 1) yield batchOf([String(line)], line + 1);
    });
    writer.attemptEnded();
    await writer.write();
    const key = keys.log(lease.run, 0, 1);
    const kept = Buffer.from('0\n1\n');
    await worker.client.set(`${key}:0`, kept);
    await worker.client.hset(key, 'length', kept.length, 'position', '2');
    await writer.end();
    expect(await stored()).to.deep.equal(['0', '1', '2', '3']);
  });

  it('marks a requested cut while lines are being written', async () => {
    const endless = writerOf(async function* () {
      for (let line = 0; ; line += 1) yield batchOf([String(line)], line + 1);
    });
    endless.attemptEnded();
    const writing = endless.write();
    await endless.cut('Cut by hand.');
    await writing;
    await endless.end();
    expect((await stored()).at(-1)).to.equal('Cut by hand.');
  });

  it('stores nothing of a batch that may contain the beginning of a secret, so that the next worker reads it again', async () => {
    const chunk = (text: string) => ({ time: 1, step: 'main', stream: 'stdout', bytes: Buffer.from(text) }) as const;
    const parts = ['one\n', 'two other-', 'token three\n'].map((text) => chunk(text));
    const reading = (last: number) =>
      async function* (from: number): AsyncGenerator<LogBatch> {
        for (let at = from; at < last; at += 1) yield { chunks: parts.slice(at, at + 1), position: String(at + 1) };
        await Promise.resolve();
        if (last < parts.length) throw new Error('the worker dies here');
      };
    const mask = new Mask(['other-token']);
    const dying: unknown = await writerOf(reading(2), undefined, 1000, mask)
      .write()
      .catch((error: unknown) => error);
    expect(dying).to.have.property('message', 'the worker dies here');
    expect(await stored()).to.deep.equal(['one']);
    const { length, position } = await worker.client.hgetall(keys.log(lease.run, 0, 1));
    expect(position).to.equal('1');
    const adopter = writerOf(reading(3), { length: Number(length), position: '1' }, 1000, mask);
    await adopter.write();
    await adopter.end();
    expect((await stored()).join('|').replace('***| three', '*** three')).to.equal('one|two *** three');
  });

  it('ends if the log has another owner', async () => {
    const by = { owner: 'other', executor: worker.context.executorNumber(), ttlMs: 6_000, ownerGone: true };
    await worker.store.transitions.adopt(lease, by);
    const writer = writerOf(async function* () {
      yield batchOf(['late'], 1);
    });
    const error: unknown = await writer.write().catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'LeaseLost');
    expect(await stored()).to.deep.equal([]);
  });
});
