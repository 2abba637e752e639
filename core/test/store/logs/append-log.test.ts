import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { frameBytes } from '../../../src/store/logs/log-format.js';
import { keys, logPartBytes, type Lease } from '../../../src/store/redis/keys.js';

describe('appending to a log', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const hold = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
  const append = (lease: Lease, length: number, text: string, { position = String(length), end = false } = {}) =>
    open.store.transitions.appendLog(lease, { length, bytes: Buffer.from(text), position, end });
  const logKey = ({ run, index, attempt }: Lease) => keys.log(run, index, attempt);

  it('answers with the new length', async () => {
    const lease = await hold();
    expect(await append(lease, 0, 'one\n')).to.eql({ kind: 'ok', length: 4 });
    expect(await append(lease, 4, 'two\n')).to.eql({ kind: 'ok', length: 8 });
    expect(await open.client.get(`${logKey(lease)}:0`)).to.equal('one\ntwo\n');
  });

  it('takes several in one call', async () => {
    const lease = await hold();
    const replies = await Promise.all([
      append(lease, 0, 'one\n'),
      append(lease, 4, 'two\n'),
      append(lease, 8, 'three\n'),
    ]);
    expect(replies.map(({ kind }) => kind)).to.eql(['ok', 'ok', 'ok']);
    expect(await open.client.get(`${logKey(lease)}:0`)).to.equal('one\ntwo\nthree\n');
  });

  it('is refused, with the stored length and position, if the expected length differs', async () => {
    const lease = await hold();
    await append(lease, 0, 'one\n', { position: 'after one' });
    const refusal = { kind: 'length', length: 4, position: 'after one' };
    expect(await append(lease, 0, 'one\n')).to.eql(refusal);
    expect(await append(lease, 9, 'late\n')).to.eql(refusal);
    expect(await open.client.get(`${logKey(lease)}:0`)).to.equal('one\n');
  });

  it('is refused as stale without the lease and after the end mark', async () => {
    const lease = await hold();
    expect(await append({ ...lease, owner: 'other' }, 0, 'x\n')).to.eql({ kind: 'stale' });
    expect(await append(lease, 0, 'last\n', { end: true })).to.eql({ kind: 'ok', length: 5 });
    expect(await append(lease, 5, 'more\n')).to.eql({ kind: 'stale' });
  });

  it('goes on after the end of the attempt, until its end mark', async () => {
    const lease = await hold();
    await open.store.transitions.finish(lease, completed, {});
    expect(await append(lease, 0, 'late\n', { end: true })).to.eql({ kind: 'ok', length: 5 });
  });

  it('makes no keys for a log without a line', async () => {
    const lease = await hold();
    await append(lease, 0, '', { position: '', end: true });
    expect(await open.client.exists(logKey(lease), `${logKey(lease)}:0`)).to.equal(0);
  });

  it('keeps bytes unchanged across the border of two parts', async () => {
    const lease = await hold();
    const first = Buffer.alloc(logPartBytes - 3, 'a');
    const second = Buffer.from([0, 255, 128, 13, 10, 226, 130]);
    await open.store.transitions.appendLog(lease, { length: 0, bytes: first, position: '1', end: false });
    await open.store.transitions.appendLog(lease, { length: first.length, bytes: second, position: '2', end: false });
    const parts = await Promise.all([0, 1].map((part) => open.client.getBuffer(`${logKey(lease)}:${part}`)));
    expect(parts[0]?.length).to.equal(logPartBytes);
    expect(Buffer.concat(parts.map((part) => part!)).equals(Buffer.concat([first, second]))).to.be.true;
  });

  it('fills several parts at once', async () => {
    const lease = await hold();
    const bytes = Buffer.alloc(logPartBytes * 2 + 10, 'b');
    await open.store.transitions.appendLog(lease, { length: 0, bytes, position: '', end: false });
    expect(await Promise.all([0, 1, 2, 3].map((part) => open.client.strlen(`${logKey(lease)}:${part}`)))).to.eql([
      logPartBytes,
      logPartBytes,
      10,
      0,
    ]);
  });

  it('keeps the first few frames without a key of their own, and frees everything that a log took', async () => {
    const before = Number(await open.client.hget(keys.counters, 'logBytes'));
    const lease = await hold();
    const key = logKey(lease);
    let length = 0;
    for (const [at, inHash] of [true, true, true, true, false, false].entries()) {
      const pieces = [
        { time: 1_763_690_000_000 + at, step: 0, stream: 'stdout', bytes: Buffer.from(`${at}\n`) } as const,
      ];
      const entry = { length, pieces, position: String(at), end: at === 5 };
      expect(await open.store.transitions.appendLog(lease, entry)).to.eql({ kind: 'ok', length: length + 2 });
      length += 2;
      const counts = [await open.client.hstrlen(key, 'first'), await open.client.strlen(`${key}:f0`)];
      expect(counts).to.eql(inHash ? [(at + 1) * frameBytes, 0] : [0, (at + 1) * frameBytes]);
      expect(await open.client.object('ENCODING', key)).to.match(/listpack|ziplist/);
    }
    const stored = Number(await open.client.hget(keys.counters, 'logBytes')) - before;
    expect(stored).to.equal(length + 6 * frameBytes);
    await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 1 });
    await open.store.runs.deleteRun(lease.run);
    expect(Number(await open.client.hget(keys.counters, 'logBytes'))).to.equal(before);
    expect(await open.client.keys(`${key}*`)).to.eql([]);
  });

  it('moves the position without adding a byte, which wakes no reader', async () => {
    const lease = await hold();
    await append(lease, 0, 'one\n', { position: 'a' });
    expect(await append(lease, 4, '', { position: 'b' })).to.eql({ kind: 'ok', length: 4 });
    expect(await append(lease, 0, 'x')).to.eql({ kind: 'length', length: 4, position: 'b' });
  });
});
