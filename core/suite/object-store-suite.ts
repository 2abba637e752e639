import { expect } from 'chai';
import type { ObjectContent, ObjectStore } from '../src/objects/object-store.js';

/** A store to test, with what a test does to it from outside. */
export interface StoreUnderTest {
  store: ObjectStore;
  /** The names of all objects, in order. */
  list(): Promise<string[]>;
  /** From now on the store cannot be reached. */
  breakDown(): Promise<void>;
  /** What an error of it must say. */
  named: RegExp;
  close(): Promise<void>;
}

const never = new AbortController().signal;

export const contentOf = (...chunks: readonly Buffer[]): ObjectContent => ({
  size: chunks.reduce((sum, { length }) => sum + length, 0),
  async *chunks() {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  },
});

/** What every object store must do. */
export function objectStoreSuite(open: () => Promise<StoreUnderTest>): void {
  let tested: StoreUnderTest;
  beforeEach(async () => (tested = await open()));
  afterEach(() => tested.close());

  const put = (name: string, ...chunks: readonly Buffer[]) => tested.store.put(name, contentOf(...chunks), never);
  const errorOf = (work: Promise<unknown>) => work.then(() => expect.fail('it did not fail'), (error: unknown) => error as Error); // prettier-ignore

  it('gives back any range of what was put', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    await put('a/logs/run-1/0.1', bytes.subarray(0, 100), bytes.subarray(100));
    for (const [from, to] of [
      [0, 256],
      [0, 1],
      [255, 256],
      [99, 101],
    ] as const)
      // prettier-ignore
      expect(await tested.store.read('a/logs/run-1/0.1', from, to)).to.deep.equal(bytes.subarray(from, to));
  });

  it('keeps an object of many chunks', async () => {
    const part = Buffer.alloc(1024 * 1024, 'x');
    await put('big/0.1', ...Array.from({ length: 9 }, () => part), Buffer.from('end'));
    const at = 9 * part.length;
    expect(String(await tested.store.read('big/0.1', at - 2, at + 3))).to.equal('xxend');
  });

  it('replaces an object of the same name as a whole', async () => {
    await put('a/0.1', Buffer.from('a long first one'));
    await put('a/0.1', Buffer.from('second'));
    expect(String(await tested.store.read('a/0.1', 0, 6))).to.equal('second');
    expect(await errorOf(tested.store.read('a/0.1', 0, 7))).to.be.an('error').with.property('name', 'ObjectStoreUnavailable'); // prettier-ignore
    expect(await tested.list()).to.deep.equal(['a/0.1']);
  });

  it('says that there is no such object', async () => {
    await put('a/0.1', Buffer.from('x'));
    expect(await tested.store.read('a/0.2', 0, 1)).to.be.undefined;
    expect(await tested.store.read('b/0.1', 0, 1)).to.be.undefined;
  });

  it('removes what begins with a prefix, and nothing else; again too', async () => {
    for (const name of ['a/run-1/0.1', 'a/run-1/12.3', 'a/run-11/0.1', 'b/run-1/0.1'])
      await put(name, Buffer.from('x'));
    await tested.store.remove('a/run-1/');
    await tested.store.remove('a/run-1/');
    expect(await tested.list()).to.deep.equal(['a/run-11/0.1', 'b/run-1/0.1']);
  });

  it('leaves the former object, or none, when the content breaks off', async () => {
    await put('a/0.1', Buffer.from('former'));
    const broken = (name: string) =>
      tested.store.put(
        name,
        {
          size: 1024,
          async *chunks() {
            yield await Promise.resolve(Buffer.from('half'));
            throw new Error('Redis is away');
          },
        },
        never,
      );
    expect((await errorOf(broken('a/0.1'))).message).to.equal('Redis is away');
    expect((await errorOf(broken('a/0.2'))).message).to.equal('Redis is away');
    expect(String(await tested.store.read('a/0.1', 0, 6))).to.equal('former');
    expect(await tested.list()).to.deep.equal(['a/0.1']);
  });

  it('keeps one of two objects that are put at once under one name', async () => {
    const [one, other] = ['1', '2'].map((digit) => Buffer.alloc(300_000, digit)) as [Buffer, Buffer];
    await Promise.all([put('a/0.1', one), put('a/0.1', other)]);
    const kept = (await tested.store.read('a/0.1', 0, one.length)) ?? expect.fail();
    expect(kept.equals(one) || kept.equals(other)).to.be.true;
  });

  it('refuses names that could leave its place', async () => {
    for (const name of ['../a', 'a/../b', '/a', 'a//b', 'a/.hidden', '', 'a b', 'a\0b']) {
      expect(await errorOf(put(name, Buffer.from('x'))), name)
        .to.be.an('error')
        .with.property('name', 'RangeError');
      expect(await errorOf(tested.store.read(name, 0, 1)), name)
        .to.be.an('error')
        .with.property('name', 'RangeError');
    }
    expect(await tested.list()).to.deep.equal([]);
  });

  it('names itself and the cause when it cannot be reached', async () => {
    await put('a/0.1', Buffer.from('x'));
    await tested.breakDown();
    const calls = [
      () => put('a/0.2', Buffer.from('x')),
      () => tested.store.read('a/0.1', 0, 1),
      () => tested.store.remove('a/'),
    ];
    for (const call of calls) {
      const error = await errorOf(call());
      expect(error.name).to.equal('ObjectStoreUnavailable');
      expect(error.message).to.match(tested.named);
    }
  });
}
