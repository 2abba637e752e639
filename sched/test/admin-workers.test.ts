import { expect } from 'chai';
import { workerListSchema } from '@chainr/core/api/contract/worker-resource';
import { createLogger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import { openSched, type OpenSched } from './open-sched.js';

describe('the workers over the API', () => {
  let sched: OpenSched;
  let store: Store;

  before(async () => {
    sched = await openSched();
    store = new Store({ url: sched.redis.url, logger: createLogger('test', 'silent'), deliver: () => undefined });
    await store.start();
  });

  after(async () => {
    await store.stop();
    await sched.close();
  });

  const card = {
    host: 'here',
    pool: 'fake',
    executor: 'fake',
    executorId: 'fake:test',
    capacity: 4,
    running: 1,
  } as const;
  const ask = (method: string, path: string) =>
    fetch(`${sched.url}/api/admin/${path}`, { method, headers: { 'Content-Type': 'application/json' } });
  const list = async (response: Response) => workerListSchema.parse(await response.json());

  it('are those that have shown themselves, and can be drained one by one', async () => {
    expect(await store.workers.show({ id: 'one', ...card })).to.deep.equal({ draining: false });
    await store.workers.show({ id: 'two', ...card });
    const drained = await list(await ask('POST', 'workers/two/drain'));
    expect(drained.items.map(({ id, draining }) => [id, draining])).to.deep.equal([
      ['one', false],
      ['two', true],
    ]);
    expect(await store.workers.show({ id: 'two', ...card })).to.deep.equal({ draining: true });
    await ask('DELETE', 'workers/two/drain');
    expect(await store.workers.show({ id: 'two', ...card })).to.deep.equal({ draining: false });
    await store.workers.forget('two');
    expect((await list(await ask('GET', 'workers'))).items).to.have.length(1);
  });

  it('that are not there cannot be drained, and the answer names those that are', async () => {
    const response = await ask('POST', 'workers/three/drain');
    expect(response.status).to.equal(404);
    expect(await response.text()).to.contain('the workers are one.');
  });

  it('claim nothing while all is paused, and go on afterwards', async () => {
    const uid = await sched.create({ a: { image: 'busybox', run: ':' } });
    expect((await list(await ask('POST', 'pause'))).paused).to.be.true;
    expect(await store.workers.show({ id: 'one', ...card })).to.deep.equal({ draining: true });
    const claimed = await sched.worker.claim(uid, 0).catch((error: unknown) => String(error));
    expect(claimed).to.contain('paused');
    expect((await list(await ask('POST', 'resume'))).paused).to.be.false;
    expect(await sched.worker.claim(uid, 0)).to.have.property('attempt', 1);
  });
});
