import { expect } from 'chai';
import { createLogger } from '@chainr/core/service/logger';
import { pipelineOf } from '@chainr/testkit/builders';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { OtherWorkers } from '../src/up/other-workers.js';

describe('pools of an earlier chainr up', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  /** @returns the workers that were to be started, as `pool kind`, and what was logged of others */
  async function start(own: string): Promise<{ started: string[]; logged: Record<string, unknown>[] }> {
    const started: string[] = [];
    const logged: Record<string, unknown>[] = [];
    const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
    const others = new OtherWorkers({
      redisUrl: open.redis.url,
      logger: createLogger('work', 'warn', { write }),
      own,
      makeWork: (pool, kind) => {
        started.push(`${pool} ${kind}`);
        return Promise.reject(new Error('this test has no executors'));
      },
    });
    await others.start();
    await others.stop();
    return { started: started.sort(), logged: logged.filter(({ err }) => err === undefined) };
  }

  it('with pods get no worker, and the log names each with the settings that give it one', async () => {
    await open.store.executors.register('kubernetes:uid', 'pods');
    await open.store.executors.register('kubernetes:uid', 'ended');
    await open.store.executors.register('docker:id', 'containers');
    await open.create(pipelineOf({ a: { pool: 'pods' }, b: { pool: 'containers' }, c: { pool: 'never' } }));
    const { started, logged } = await start('process');
    expect(started).to.eql(['containers docker']);
    expect(logged.map(({ event, pool, msg }) => ({ event, pool, msg }))).to.eql([
      {
        event: 'worker.missing',
        pool: 'pods',
        msg: 'Some jobs are in another pool, whose jobs are pods; they wait until chainr up is started with CHAINR_EXECUTOR=kubernetes CHAINR_POOL=pods',
      },
    ]);
  });

  it('say nothing once the worker of chainr up serves the pool', async () => {
    await open.store.executors.register('kubernetes:uid', 'kubernetes');
    await open.create(pipelineOf({ a: { pool: 'kubernetes' } }));
    expect(await start('kubernetes')).to.eql({ started: [], logged: [] });
  });
});
