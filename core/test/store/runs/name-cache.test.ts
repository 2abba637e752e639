import { expect } from 'chai';
import { NameCache } from '../../../src/store/runs/name-cache.js';

describe('the cache of job names', () => {
  it('reads the names of a run once', async () => {
    const asked: string[] = [];
    const cache = new NameCache(async (uid) => {
      asked.push(uid);
      return ['a', 'b'];
    });
    expect((await cache.get('run'))?.get('b')).to.equal(1);
    expect((await cache.get('run'))?.get('c')).to.be.undefined;
    expect(asked).to.eql(['run']);
  });

  it('asks again for a run that did not exist', async () => {
    const found: (string[] | undefined)[] = [undefined, ['a']];
    const cache = new NameCache(async () => found.shift());
    expect(await cache.get('run')).to.be.undefined;
    expect((await cache.get('run'))?.get('a')).to.equal(0);
  });

  it('drops the least recently used runs, never the last one', async () => {
    const asked: string[] = [];
    const names = Array.from({ length: 40_000 }, (_, at) => `job-${at}`);
    const cache = new NameCache(async (uid) => {
      asked.push(uid);
      return uid === 'huge'
        ? [...names, ...names.map((name) => `${name}-2`), ...names.map((name) => `${name}-3`)]
        : names;
    });
    for (const uid of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(uid);
    expect(asked).to.eql(['a', 'b', 'c', 'b']);
    await cache.get('huge');
    await cache.get('huge');
    expect(asked.filter((uid) => uid === 'huge')).to.have.length(1);
    await cache.get('a');
    expect(asked.at(-1)).to.equal('a');
  });

  it('counts a run once if two requests for it come at the same time', async () => {
    let reads = 0;
    const names = Array.from({ length: 60_000 }, (_, at) => `job-${at}`);
    const cache = new NameCache(async (uid) => {
      reads += 1;
      return uid === 'small' ? ['a'] : names;
    });
    await Promise.all([cache.get('run'), cache.get('run')]);
    await cache.get('small');
    await cache.get('run');
    expect(reads).to.equal(3);
  });
});
