import { expect } from 'chai';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { RunUid } from '@chainr/core/engine/records';
import { DirectoryStore } from '@chainr/core/objects/directory-store';
import type { ObjectStore } from '@chainr/core/objects/object-store';
import type { Sweep } from '@chainr/core/service/sweep';
import { keys, logPartBytes } from '@chainr/core/store/redis/keys';
import type { LogPage } from '@chainr/core/store/logs/log-page';
import type { LogPiece } from '@chainr/core/store/logs/log-format';
import { Store } from '@chainr/core/store/store';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { keepAll } from '@chainr/testkit/keep-all';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { archiveLogs } from '../src/sweeps/archive-logs.js';
import { expireLogs } from '../src/sweeps/expire-logs.js';
import { removeObjects } from '../src/sweeps/remove-objects.js';

const never = new AbortController().signal;
const single = pipelineOf({ a: [] });
const minute = 60_000;

/** A log of several parts, with more frames than stand in its hash. */
const largeLog = (): LogPiece[] =>
  Array.from({ length: 40 }, (_, at) => ({
    time: 1_763_690_000_000 + at,
    step: 0,
    stream: at % 3 === 0 ? ('stderr' as const) : ('stdout' as const),
    bytes: Buffer.from(`${String(at)} ${'é✓x'.repeat(9_000 + at)}\n`),
  }));

describe('a finished log with an archive', () => {
  let root: string;
  let objects: ObjectStore;
  let open: OpenStore;
  let archiving: Sweep;
  /** What a call does instead of going to the directory. */
  let before: Partial<Record<keyof ObjectStore | 'arrival', (name: string) => unknown>>;

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'chainr-archive-'));
    const directory = new DirectoryStore(path.join(root, 'objects'));
    before = {};
    objects = {
      address: directory.address,
      put: async (name, { size, chunks }, signal) => {
        await before.put?.(name);
        const read: Buffer[] = [];
        for await (const chunk of chunks()) read.push(chunk);
        await before.arrival?.(name);
        await directory.put(name, { size, chunks: () => Readable.from(read) }, signal);
      },
      read: async (name, from, to) => {
        await before.read?.(name);
        return directory.read(name, from, to);
      },
      remove: async (prefix) => {
        await before.remove?.(prefix);
        await directory.remove(prefix);
      },
    };
    open = await openStore({ archive: objects });
    archiving = archiveLogs({ store: open.store, config: { archiveAfterMs: 5 * minute } });
  });
  afterEach(async () => {
    await open.close();
    await rm(root, { recursive: true });
  });

  const sweep = () => archiving.sweep(never);
  const removal = () => removeObjects({ store: open.store }).sweep(never);
  const files = async () => {
    const found = await readdir(path.join(root, 'objects'), { recursive: true, withFileTypes: true }).catch(() => []);
    return found
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => `${path.basename(parentPath)}/${name}`);
  };
  const parts = async () => (await open.client.keys('*:log:*:*:*')).length;
  const logBytes = async () => Number(await open.client.hget(keys.counters, 'logBytes'));
  const pass = (ms: number) => setClock(open.redis.url, ms);

  async function endWith(pieces: readonly LogPiece[]): Promise<RunUid> {
    const uid = await open.create(single);
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.appendLog(lease, { length: 0, pieces, position: '1', end: true });
    await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 1_000 });
    return uid;
  }

  const place = { offset: 0, maxBytes: 50_000 };
  async function readAll(uid: RunUid, store = open.store): Promise<LogPage[]> {
    const pages: LogPage[] = [];
    for (let offset = 0; ;) {
      const page = (await store.logs.read(uid, 0, 1, { ...place, offset })) ?? expect.fail('no attempt');
      pages.push(page);
      if (page.ended) return pages;
      offset = page.nextOffset;
    }
  }
  async function stretch(uid: RunUid): Promise<Buffer> {
    const end = (await open.store.logs.measure(uid, 0, 1, { offset: 0, exact: true })) ?? expect.fail();
    const pages: Buffer[] = [];
    const range = { from: 0, to: end.nextOffset, pageBytes: 100_000 };
    for await (const page of open.store.logs.stretch(uid, 0, 1, range, never)) pages.push(page.bytes);
    return Buffer.concat(pages);
  }

  it('moves some minutes after the end of its run, and is read with the same bytes, frames and lines', async () => {
    const small = await endWith(largeLog().slice(0, 2));
    const large = await endWith(largeLog());
    const empty = await open.create(single);
    await endRun(open.store, empty);
    const known = { small: await readAll(small), large: await readAll(large), bytes: await stretch(large) };
    expect(known.large.length).to.be.above(20);
    expect(await sweep()).to.deep.equal({ changed: 0 });
    await pass(6 * minute);
    expect(await sweep()).to.deep.equal({ changed: 2 });
    expect(await parts()).to.equal(0);
    expect((await files()).sort()).to.deep.equal([`${small}/0.1`, `${large}/0.1`].sort());
    expect(await readAll(small)).to.deep.equal(known.small);
    expect(await readAll(large)).to.deep.equal(known.large);
    expect(await stretch(large)).to.deep.equal(known.bytes);
    expect(await sweep()).to.deep.equal({ changed: 0 });
  });

  it('gives its room in Redis back', async () => {
    await endWith(largeLog());
    expect(await logBytes()).to.be.above(logPartBytes);
    await pass(6 * minute);
    await sweep();
    expect(await logBytes()).to.equal(0);
  });

  it('of a run with an attempt that is not closed waits', async () => {
    const uid = await open.create(single);
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.from('x\n'), position: '1', end: true });
    await open.store.transitions.finish(lease, completed, {});
    const other = await endWith(largeLog());
    await pass(6 * minute);
    expect(await sweep()).to.deep.equal({ changed: 1 });
    expect(await files()).to.deep.equal([`${other}/0.1`]);
    await open.store.transitions.close(lease, 1_000);
    await pass(8 * minute);
    expect(await sweep()).to.deep.equal({ changed: 1 });
    expect(await files()).to.have.members([`${other}/0.1`, `${uid}/0.1`]);
  });

  it('stays in Redis while the archive cannot be written, which the sweep tells', async () => {
    const uid = await endWith(largeLog());
    const known = await readAll(uid);
    const kept = path.join(root, 'objects');
    await writeFile(kept, 'no directory');
    await pass(8 * minute);
    const swept = await sweep();
    expect(swept.failure)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/file:\/\/.*objects: /);
    expect(swept.lagMs).to.be.within(3 * minute - 5_000, 4 * minute);
    expect(await readAll(uid)).to.deep.equal(known);
    await rename(kept, `${kept}.was`);
    expect(await sweep()).to.deep.equal({ changed: 1 });
    expect(await readAll(uid)).to.deep.equal(known);
  });

  it('that alone cannot be written keeps no other one waiting', async () => {
    const uids = [await endWith(largeLog()), await endWith(largeLog())];
    let calls = 0;
    before.put = () => {
      calls += 1;
      if (calls === 1) throw new Error('refused');
    };
    await pass(6 * minute);
    expect(await sweep()).to.have.property('changed', 1);
    await pass(8 * minute);
    expect(await sweep()).to.deep.equal({ changed: 1 });
    expect(await files()).to.have.members(uids.map((uid) => `${uid}/0.1`));
  });

  it('that can never be written keeps no other one waiting, also once it is tried again', async () => {
    const refused = await endWith(largeLog());
    await endWith(largeLog());
    before.put = (name) => {
      if (name.includes(refused)) throw new Error('refused');
    };
    await pass(6 * minute);
    expect((await sweep()).changed).to.equal(1);
    await endWith(largeLog());
    await pass(12 * minute);
    const swept = await sweep();
    expect(swept).to.have.property('changed', 1);
    expect(swept.failure).to.have.property('message', 'refused');
  });

  it('is moved by the next pass after a process died at any point of the move', async () => {
    const uid = await endWith(largeLog());
    const known = await readAll(uid);
    await pass(6 * minute);
    const died = new Error('killed');
    before.put = () => {
      throw died;
    };
    expect(await sweep()).to.include({ failure: died }); // Before the object.
    expect(await readAll(uid)).to.deep.equal(known);
    delete before.put;
    const { removals } = open.store;
    const archiveLog = removals.archiveLog.bind(removals);
    removals.archiveLog = () => Promise.reject(died);
    expect(await sweep()).to.include({ failure: died }); // After the object, before Redis knows it.
    expect(await readAll(uid)).to.deep.equal(known);
    removals.archiveLog = archiveLog;
    expect(await sweep()).to.deep.equal({ changed: 1 });
    expect([await files(), await parts()]).to.deep.equal([[`${uid}/0.1`], 0]);
    expect(await readAll(uid)).to.deep.equal(known);
  });

  it('is read to its end by a reader that began before it moved', async () => {
    const uid = await endWith(largeLog());
    const known = await stretch(uid);
    const range = { from: 0, to: known.length, pageBytes: 100_000 };
    const got: Buffer[] = [];
    for await (const { bytes } of open.store.logs.stretch(uid, 0, 1, range, never)) {
      got.push(bytes);
      if (got.length === 3) {
        await pass(6 * minute);
        expect((await sweep()).changed).to.equal(1);
      }
    }
    expect(Buffer.concat(got)).to.deep.equal(known);
  });

  it('is never shown as empty where the archive is away, or not set', async () => {
    const uid = await endWith(largeLog());
    await pass(6 * minute);
    await sweep();
    const errorOf = (work: Promise<unknown>) => work.then(() => expect.fail('it was read'), (error: unknown) => error as Error); // prettier-ignore
    before.read = () => {
      throw new Error('the volume is not mounted');
    };
    expect(await errorOf(readAll(uid))).to.include({
      name: 'ArchiveUnavailable',
      message: 'the volume is not mounted',
    });
    expect(await errorOf(stretch(uid))).to.include({ name: 'ArchiveUnavailable' });
    delete before.read;
    const bare = new Store({ url: open.redis.url, logger: silentLogger });
    await bare.start();
    try {
      expect((await errorOf(readAll(uid, bare))).message).to.contain('CHAINR_ARCHIVE is not set');
    } finally {
      await bare.stop();
    }
    await rm(path.join(root, 'objects'), { recursive: true });
    expect((await errorOf(readAll(uid))).message).to.match(/^There is no .*0\.1 in file:/);
  });

  it('goes from the archive with its run', async () => {
    const uid = await endWith(largeLog());
    const other = await endWith(largeLog());
    await pass(6 * minute);
    await sweep();
    expect(await open.store.runs.deleteRun(uid)).to.deep.equal({ kind: 'deleted' });
    expect(await open.client.keys(`*${uid}*`)).to.deep.equal([]);
    expect(await logBytes()).to.equal(0);
    expect(await removal()).to.deep.equal({ changed: 0, lagMs: 0 });
    await pass(7 * minute);
    expect((await removal()).changed).to.equal(1);
    expect(await files()).to.deep.equal([`${other}/0.1`]);
  });

  it('goes from the archive when its own retention ends, and says so', async () => {
    const uid = await endWith(largeLog());
    await pass(6 * minute);
    await sweep();
    const config = { ...keepAll, logRetentionMs: 10 * minute };
    await pass(11 * minute);
    expect(await expireLogs({ store: open.store, config }).sweep(never)).to.deep.equal({ changed: 1 });
    await pass(11 * minute + 9_000);
    await expireLogs({ store: open.store, config }).sweep(never); // It looks again at the run that ended last.
    expect((await open.store.logs.places(uid)).removedAt).to.be.above(0);
    expect(await open.client.keys(`*:log:${uid}*`)).to.deep.equal([]);
    await pass(11 * minute + 12_000);
    await removal();
    expect(await files()).to.deep.equal([]);
  });

  it('leaves no object if its run is deleted while it moves, even if the process dies then', async () => {
    const uid = await endWith(largeLog());
    await pass(6 * minute);
    before.arrival = () => open.store.runs.deleteRun(uid);
    const swept = await sweep();
    expect(swept.changed).to.equal(0);
    await pass(7 * minute);
    await removal();
    expect(await files()).to.deep.equal([]);
  });

  it('leaves no object that arrives after the objects of its run were removed', async () => {
    const uid = await endWith(largeLog());
    await pass(6 * minute);
    before.arrival = async () => {
      await open.store.runs.deleteRun(uid);
      await pass(7 * minute);
      await removal();
      open.store.removals.archiveLog = () => Promise.reject(new Error('killed'));
    };
    await sweep();
    expect(await files()).to.deep.equal([`${uid}/0.1`]);
    await pass(70 * minute);
    expect((await removal()).changed).to.equal(1);
    expect([await files(), await open.client.zcard(keys.objectRemovals)]).to.deep.equal([[], 0]);
  });

  it('is removed later if the archive is away meanwhile', async () => {
    const uid = await endWith(largeLog());
    await pass(6 * minute);
    await sweep();
    await open.store.runs.deleteRun(uid);
    await pass(7 * minute);
    before.remove = () => {
      throw new Error('away');
    };
    const swept = await removal();
    expect(swept.failure).to.be.an('error').with.property('message', 'away');
    expect(swept.lagMs).to.be.above(40_000);
    delete before.remove;
    expect((await removal()).changed).to.equal(1);
    expect(await files()).to.deep.equal([]);
  });
});
