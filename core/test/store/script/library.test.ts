import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { createLogger } from '../../../src/service/logger.js';
import { keys } from '../../../src/store/redis/keys.js';
import { composeLibrary, libraryOf, libraryText } from '../../../src/store/script/library.js';
import { Store } from '../../../src/store/store.js';

const fanOf = (width: number) =>
  pipelineOf({
    first: [],
    ...Object.fromEntries(Array.from({ length: width }, (_, at) => [`middle-${at}`, ['first']])),
    last: Array.from({ length: width }, (_, at) => `middle-${at}`),
  });

describe('the library of functions', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const names = async () => {
    const listed = (await open.client.function('LIST')) as unknown[][];
    return listed.map((each) => String(each[each.indexOf('library_name') + 1])).sort();
  };
  const { name } = composeLibrary();
  const other = libraryOf(`${composeLibrary().body}\n-- Another version.`);

  it('has room for 20 more local variables, of which Lua allows 200', async () => {
    const more = Array.from({ length: 20 }, (_, at) => `local more_${at}`).join('\n');
    await open.client.function('LOAD', libraryText(libraryOf(`${composeLibrary().body}\n${more}`)));
    const tooMany = Array.from({ length: 200 }, (_, at) => `local more_${at}`).join('\n');
    const refused: unknown = await open.client
      .function('LOAD', libraryText(libraryOf(`${composeLibrary().body}\n${tooMany}`)))
      .catch((error: unknown) => error);
    expect(refused).to.have.property('message').that.includes('more than 200 local variables');
  });

  it('is loaded again wherever it is missing', async () => {
    const uid = await open.create(fanOf(100));
    let flushes = 0;
    const flushing = setInterval(() => {
      flushes += 1;
      void open.client.function('FLUSH');
    }, 5);
    try {
      const claims = await driveRun(open, uid);
      expect([...claims.values()].filter((count) => count !== 1)).to.deep.equal([]);
      expect(claims).to.have.property('size', 102);
    } finally {
      clearInterval(flushing);
    }
    expect(flushes).to.be.greaterThan(0);
    expect(await open.store.runs.getRun(uid)).to.include({ status: 'SUCCESSFUL' });
  });

  it('works beside that of another version, on the same runs', async () => {
    const newer = new Store({ url: open.redis.url, logger: silentLogger, deliver: open.inbox.deliver, library: other });
    await newer.start();
    try {
      const [one, two] = [await open.create(fanOf(20)), await open.create(fanOf(20))];
      const claims = await Promise.all([driveRun({ store: newer, inbox: open.inbox }, one), driveRun(open, two)]);
      for (const each of claims) expect([...each.values()].every((count) => count === 1)).to.equal(true);
      expect(await names()).to.deep.equal([name, other.name].sort());
    } finally {
      await newer.stop();
    }
  });

  it('is dropped an hour after the last process announced it, and no other is', async () => {
    await open.create(pipelineOf({ a: [] }));
    await open.client.function('LOAD', libraryText(other));
    await open.client.function(
      'LOAD',
      "#!lua name=foreign\nredis.register_function('foreign', function() return 1 end)",
    );
    expect(await open.store.libraries.dropUnused()).to.equal(0);
    const hour = 3_600_000;
    await open.client.set(keys.clock, hour - 10_000);
    expect(await open.store.libraries.dropUnused()).to.equal(0);
    await open.store.libraries.announce(composeLibrary());
    await open.client.set(keys.clock, hour + 10_000);
    expect(await open.store.libraries.dropUnused()).to.equal(1);
    expect(await names()).to.deep.equal([name, 'foreign'].sort());
    expect(await open.client.zrange(keys.libraries, 0, '-1')).to.deep.equal([name]);
  });

  it('logs an error of a call with several operations, of which some succeed alone', async () => {
    const [good, bad] = [await open.create(pipelineOf({ a: [] })), await open.create(pipelineOf({ a: [] }))];
    await open.client.hset(keys.run(bad), '0', '0');
    const lines: string[] = [];
    const logger = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
    const store = new Store({ url: open.redis.url, logger, deliver: open.inbox.deliver });
    await store.start();
    const by = { owner: 'owner', executor: 1, ttlMs: 60_000 };
    const claims = [good, bad].map((run) => store.transitions.claim({ run, index: 0, attempt: 1 }, by));
    expect((await Promise.allSettled(claims)).map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    await store.stop();
    const [line] = lines.map((each) => JSON.parse(each) as Record<string, unknown>).filter(({ event }) => event === 'store.callFailed'); // prettier-ignore
    expect(line).to.deep.include({ level: 'error', operations: ['claim', 'claim'] });
    expect(JSON.stringify(line)).to.contain('bad argument');
  });

  it('keeps nothing of a call that failed in the middle', async () => {
    const [good, bad] = [await open.create(pipelineOf({ a: [] })), await open.create(pipelineOf({ a: [] }))];
    await open.client.hset(keys.run(bad), '0', '0');
    const by = { owner: 'owner', executor: 1, ttlMs: 60_000 };
    const events = async () => (await open.store.events.readEvents(undefined, 1_000)).events.length;
    const before = await events();
    // Each call has changed something when it fails.
    for (let round = 0; round < 3; round += 1) {
      const claims = [{ run: bad, index: 0, attempt: 1 }].map((id) => open.store.transitions.claim(id, by));
      expect((await Promise.allSettled(claims)).map(({ status }) => status)).to.deep.equal(['rejected']);
    }
    expect(await open.store.transitions.claim({ run: good, index: 0, attempt: 1 }, by)).to.be.an('object');
    expect((await events()) - before).to.equal(2); // The run and its job started.
    expect(await open.client.zcard(keys.leases(1))).to.equal(1);
  });
});
