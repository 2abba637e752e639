import { cp, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startRedisServer } from '@chainr/core/service/redis-server';
import { appendOnlyFile, writtenSize } from '@chainr/testkit/append-only-file';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { keys } from '../../src/store/redis/keys.js';
import { createRun } from '../../src/store/runs/create-run.js';
import type { RunStore } from '../../src/store/runs/run-store.js';
import { Store } from '../../src/store/store.js';
import { deleteEnded } from '../../src/usecases/delete.js';
import { list } from '../../src/usecases/list.js';
import { preparePipeline, type PipelineReading } from '../../src/usecases/prepare-pipeline.js';
import { rerun } from '../../src/usecases/rerun.js';
import { submit } from '../../src/usecases/submit.js';

const pipelines: PipelineReading = { read: (sent) => Promise.resolve(preparePipeline(sent)) };
const job = { image: 'busybox', run: 'exit 0' };
const sourceOf = (jobs: object) => ({ contentType: 'application/json', text: JSON.stringify({ kind: 'Pipeline', jobs }) }); // prettier-ignore
const small = sourceOf({ only: job });
/** Its rows are stored before it is visible; it ends with its first job. */
const large = sourceOf({
  only: job,
  ...Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`job-${String(at)}`, { ...job, dependsOn: [{ job: 'only', conditions: { failure: true } }] }])), // prettier-ignore
});
const sizes = { 'a small run': small, 'a large run': large };
const other = sourceOf({ only: { ...job, run: 'date' } });

const workers = { list: () => Promise.resolve([]) };
const making = (runs: RunStore) => ({ store: { runs, workers }, pipelines, defaultPool: 'fake' as const });
const filtered = async ({ store }: Pick<OpenStore, 'store'>, externalId: string) =>
  (await list(store, { filter: { externalId }, limit: 10 }, 0)).runs.map(({ run }) => run.uid);
const uidOf = (made: object): string => {
  if (!('uid' in made)) throw new Error(JSON.stringify(made));
  return made.uid as string;
};

/** The same runs with some methods replaced. */
const withMethods = (runs: RunStore, methods: Partial<RunStore>): RunStore =>
  new Proxy(runs, {
    get: (target, name) => {
      const own = Reflect.get(methods, name) as unknown;
      if (own !== undefined) return own;
      return (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
    },
  });

describe('an external id', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const endIt = async (uid: string) => {
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {}, { closeGraceMs: 1_000 });
    await open.store.transitions.resume(uid);
  };
  const deleteIt = async (uid: string) => {
    await endIt(uid);
    expect(await deleteEnded(open.store, uid)).to.eql({ kind: 'deleted' });
  };

  for (const [size, source] of Object.entries(sizes)) {
    describe(`of ${size}`, () => {
      it('finds the run again, as it is by then, and by the filter of lists', async () => {
        const externalId = `found/${size.replaceAll(' ', '-')}`;
        const made = await submit(making(open.store.runs), source, { externalId });
        expect(made).to.include({ kind: 'created' });
        await endIt(uidOf(made));
        for (let repeat = 0; repeat < 3; repeat += 1) {
          expect(await submit(making(open.store.runs), source, { externalId })).to.eql({ kind: 'found', uid: uidOf(made) }); // prettier-ignore
        }
        expect(await open.store.runs.getRun(uidOf(made))).to.include({ externalId, status: 'SUCCESSFUL' });
        expect(await filtered(open, externalId)).to.eql([uidOf(made)]);
        expect(await filtered(open, `${externalId}-2`)).to.eql([]);
      });

      it('is refused with another pipeline, and the refusal names the run', async () => {
        const externalId = `refused/${size.replaceAll(' ', '-')}`;
        const uid = uidOf(await submit(making(open.store.runs), source, { externalId }));
        const before = await open.client.zcard(keys.runs);
        expect(await submit(making(open.store.runs), other, { externalId })).to.eql({
          kind: 'external-id-taken',
          message: `The external id "${externalId}" belongs to the run ${uid}, which has another pipeline; use another id, or delete that run first.`,
        });
        expect(await open.client.zcard(keys.runs)).to.equal(before);
      });

      it('is free again once the run is deleted', async () => {
        const externalId = `deleted/${size.replaceAll(' ', '-')}`;
        const first = uidOf(await submit(making(open.store.runs), source, { externalId }));
        await deleteIt(first);
        expect(await open.client.exists(keys.external(externalId))).to.equal(0);
        const second = await submit(making(open.store.runs), other, { externalId });
        expect(second).to.include({ kind: 'created' });
        expect(await filtered(open, externalId))
          .to.eql([uidOf(second)])
          .and.not.to.include(first);
      });

      it('is that of one run, however many submit it at once over several connections', async () => {
        const externalId = `at-once/${size.replaceAll(' ', '-')}`;
        const options = { url: open.redis.url, logger: silentLogger, deliver: open.inbox.deliver };
        const stores = [1, 2, 3].map(() => new Store(options));
        await Promise.all(stores.map((store) => store.start()));
        const submissions = [...stores, ...stores, ...stores].map((store) => submit(making(store.runs), source, { externalId })); // prettier-ignore
        const all = await Promise.all(submissions);
        await Promise.all(stores.map((store) => store.stop()));
        expect(all.filter(({ kind }) => kind === 'created')).to.have.length(1);
        expect(new Set(all.map(uidOf)).size).to.equal(1);
        expect(await filtered(open, externalId)).to.eql([uidOf(all[0]!)]);
      });

      it('is not taken by a run that a dying process has not made, and by no second one after', async () => {
        const connection = await openRedisClient(open.redis.url);
        const send = connection.sendCommand.bind(connection);
        const checked = preparePipeline({ ...source, warn: false });
        if (checked.kind !== 'ready') return expect.fail(checked.message);
        let commands = 0;
        let dead = -1;
        connection.sendCommand = (command, stream) => {
          commands += 1;
          if (commands <= dead) return send(command, stream);
          command.reject(new Error('the process has died'));
          return command.promise;
        };
        for (let isCreated = false; !isCreated;) {
          [commands, dead] = [0, dead + 1];
          const externalId = `dies/${size.replaceAll(' ', '-')}/${String(dead)}`;
          const run = { pipeline: checked.pipeline, source, defaultPool: 'fake' as const, externalId };
          isCreated = await createRun(connection, open.store.transitions, run).then(
            () => true,
            () => false,
          );
          expect(await filtered(open, externalId)).to.have.length(isCreated ? 1 : 0);
          const again = await submit(making(open.store.runs), source, { externalId });
          expect(again.kind).to.equal(isCreated ? 'found' : 'created');
          expect(await filtered(open, externalId)).to.eql([uidOf(again)]);
        }
        connection.disconnect();
        return undefined;
      });
    });
  }

  it('is given to one of two pipelines that come at once, and refused to the other', async () => {
    const externalId = 'rivals';
    const both = await Promise.all([small, other].map((source) => submit(making(open.store.runs), source, { externalId }))); // prettier-ignore
    expect(both.map(({ kind }) => kind)).to.have.members(['created', 'external-id-taken']);
    expect(await filtered(open, externalId)).to.have.length(1);
  });

  it('finds its run though this version would refuse the pipeline, or read it differently', async () => {
    const externalId = 'older';
    const uid = uidOf(await submit(making(open.store.runs), small, { externalId }));
    const refusing: PipelineReading = { read: () => Promise.resolve({ kind: 'refused', message: 'no', mistakes: [] }) };
    const making2 = { ...making(open.store.runs), pipelines: refusing };
    expect(await submit(making2, small, { externalId })).to.eql({ kind: 'found', uid });
    expect(await submit(making2, small, { externalId: 'newer' })).to.include({ kind: 'invalid-pipeline' });
    expect(await filtered(open, 'newer')).to.eql([]);
  });

  it('belongs to a request with an idempotency key, too', async () => {
    const key = { scope: 'me', key: 'both' };
    const first = await submit(making(open.store.runs), small, { key, externalId: 'both-1' });
    expect(first).to.include({ kind: 'created' });
    expect(await submit(making(open.store.runs), small, { key, externalId: 'both-1' })).to.eql({ kind: 'found', uid: uidOf(first) }); // prettier-ignore
    expect(await submit(making(open.store.runs), small, { key, externalId: 'both-2' })).to.include({ kind: 'key-reused' }); // prettier-ignore
    expect(await submit(making(open.store.runs), small, { key })).to.include({ kind: 'key-reused' });
  });

  it('does not pass on to a rerun', async () => {
    const externalId = 'original';
    const uid = uidOf(await submit(making(open.store.runs), small, { externalId }));
    await endIt(uid);
    const made = await rerun(making(open.store.runs), uid, 'all');
    expect(await open.store.runs.getRun(uidOf(made))).not.to.have.property('externalId');
    expect(await filtered(open, externalId)).to.eql([uid]);
  });

  it('is taken once, though the call comes a second time much later', async () => {
    const externalId = 'late';
    const [row, plan] = [Buffer.from([0, 1, 0, 0, 1, 97]), Buffer.from([0, 100, 0, 0, 0, 0, 0, 123, 125])];
    const request = {
      uid: '01990000-0000-7000-8000-000000000003',
      pool: 'fake',
      pools: '',
      info: JSON.stringify({ externalId }),
      jobCount: 1,
      idempotency: '',
      bodyHash: '',
      externalId,
      indexes: `external:${externalId}`,
      roots: Buffer.from([0, 0]),
      backlog: 0,
      flags: 0,
      priority: 0,
      maxParallel: 0,
      timeoutMs: undefined,
      successful: 0,
      skipped: 0,
      fieldCount: 2,
      inline: { source: Buffer.from('application/json\nr{}'), fields: ['0', row, 'p0', plan] },
    };
    const made = await open.store.transitions.create(request);
    expect(made).to.eql({ kind: 'created', uid: request.uid });
    expect(await open.store.transitions.create(request)).to.eql(made);
    const another = { ...request, uid: '01990000-0000-7000-8000-000000000004' };
    expect(await open.store.transitions.create(another)).to.eql({ kind: 'taken' });
    expect(await filtered(open, externalId)).to.eql([request.uid]);
  });

  it('makes a new run where the old one is deleted while it is looked up', async () => {
    const externalId = 'deleted-meanwhile';
    for (const when of ['after the look-up', 'after the refusal of a second run'] as const) {
      const uid = uidOf(await submit(making(open.store.runs), small, { externalId }));
      let isDeleted = false;
      const runs: RunStore = withMethods(open.store.runs, {
        findByExternalId: async (id: string) => {
          if (isDeleted) return open.store.runs.findByExternalId(id);
          if (when === 'after the refusal of a second run') return undefined;
          const found = await open.store.runs.findByExternalId(id);
          isDeleted = true;
          await deleteIt(uid);
          return found;
        },
        createRun: (async (run: Parameters<RunStore['createRun']>[0]) => {
          const made = await open.store.runs.createRun(run);
          if (!isDeleted) await deleteIt(uid);
          isDeleted = true;
          return made;
        }) as RunStore['createRun'],
      });
      const again = await submit(making(runs), other, { externalId });
      expect(again, when).to.include({ kind: 'created' });
      expect(await filtered(open, externalId)).to.eql([uidOf(again)]);
      await deleteIt(uidOf(again));
    }
  });

  it('is found on a full Redis, which takes no new one', async () => {
    const full = await openStore();
    const uid = uidOf(await submit(making(full.store.runs), small, { externalId: 'before' }));
    await full.client.config('SET', 'maxmemory', '1mb');
    const refused = await submit(making(full.store.runs), small, { externalId: 'meanwhile' }).catch((error: unknown) => error); // prettier-ignore
    expect(refused).to.have.property('name', 'StoreFull');
    expect(await submit(making(full.store.runs), small, { externalId: 'before' })).to.eql({ kind: 'found', uid });
    await full.client.config('SET', 'maxmemory', '0');
    expect(await filtered(full, 'meanwhile')).to.eql([]);
    await full.close();
  });

  describe('on a Redis that has lost its newest writes', () => {
    const folders = useDataFolders();

    for (const [size, source] of Object.entries(sizes)) {
      it(`is lost with its run or kept with it, wherever the file ends (${size})`, async function () {
        this.timeout(120_000);
        const externalId = 'tail';
        const from = await openStore();
        const file = await appendOnlyFile(from.redis.folder);
        const before = await writtenSize(from.client, file);
        const first = uidOf(await submit(making(from.store.runs), source, { externalId }));
        const after = await writtenSize(from.client, file);
        const kinds = new Set<string>();
        const places = 6;
        for (let place = 0; place <= places; place += 1) {
          const length = before + Math.round(((after - before) * place) / places);
          const folder = await folders.make();
          const copied = path.join(folder, path.relative(from.redis.folder, file));
          await cp(path.join(from.redis.folder, 'appendonlydir'), path.join(folder, 'appendonlydir'), { recursive: true }); // prettier-ignore
          await truncate(copied, length);
          expect((await stat(copied)).size).to.equal(length);
          const redis = await startRedisServer({ folder, socketPath: path.join(folder, 'redis.sock') });
          const store = new Store({ url: redis.url, logger: silentLogger, deliver: () => undefined });
          await store.start();
          const kept = await store.runs.getRun(first);
          expect(await filtered({ store }, externalId), `cut at ${String(length)}`).to.eql(kept ? [first] : []);
          const again = await submit(making(store.runs), source, { externalId });
          expect(again.kind).to.equal(kept ? 'found' : 'created');
          expect(await filtered({ store }, externalId)).to.eql([uidOf(again)]);
          kinds.add(again.kind);
          await store.stop();
          await redis.stop();
        }
        await from.close();
        expect([...kinds]).to.have.members(['created', 'found']);
      });
    }
  });

  it('costs a run without one nothing', async () => {
    const uid = await open.create({ ...pipelineOf({ a: [] }), metadata: { labels: {} } });
    expect(await open.client.hget(keys.run(uid), 'info')).to.equal('{}');
    expect(await open.client.keys(`${keys.external('*')}${uid}*`)).to.eql([]);
    expect(await filtered(open, '')).to.eql([]);
    expect(await open.create(fanOfJobs(300))).to.be.a('string');
  });
});
