import { expect } from 'chai';
import { Metrics } from '@chainr/core/service/metrics';
import type { WorkerCard } from '@chainr/core/store/work/worker-registry';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { metricValue } from '@chainr/testkit/metric-value';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { measureState } from '../src/measure-state.js';

const card = (id: string, pool: string): WorkerCard => ({
  id,
  host: 'here',
  pool,
  executor: 'fake',
  executorId: 'fake',
  capacity: 4,
  running: 0,
});

describe('the metrics of the state', () => {
  let open: OpenStore;
  let metrics: Metrics;

  beforeEach(async () => {
    open = await openStore();
    metrics = new Metrics('recycle');
    metrics.onRead(measureState({ store: open.store, metrics, logger: silentLogger }));
  });

  afterEach(() => open.close());

  it('say how many jobs wait in each pool, and for how long the first one', async () => {
    await open.create(pipelineOf({ a: [], b: ['a'], c: { pool: 'gpu' } }));
    await setClock(open.redis.url, 90_000);
    const run = await open.create(pipelineOf({ a: [] }));
    const text = await metrics.text();
    expect(metricValue(text, 'chainr_queue_jobs', { pool: 'fake' })).to.equal(2);
    expect(metricValue(text, 'chainr_queue_jobs', { pool: 'gpu' })).to.equal(1);
    expect(metricValue(text, 'chainr_queue_oldest_age_seconds', { pool: 'fake' })).to.be.within(90, 1_000);
    expect(metricValue(text, 'chainr_live_runs')).to.equal(2);
    expect(metricValue(text, 'chainr_redis_memory_ratio')).to.be.within(0, 1);
    await claimJob(open.store, run, 0);
    expect(metricValue(await metrics.text(), 'chainr_queue_jobs', { pool: 'fake' })).to.equal(1);
  });

  it('say 0 of a pool in which nothing waits, and count its workers', async () => {
    await open.store.workers.show(card('one', 'idle'));
    await open.store.workers.show(card('two', 'idle'));
    const text = await metrics.text();
    expect(metricValue(text, 'chainr_queue_jobs', { pool: 'idle' })).to.equal(0);
    expect(metricValue(text, 'chainr_queue_oldest_age_seconds', { pool: 'idle' })).to.equal(0);
    expect(metricValue(text, 'chainr_pool_workers', { pool: 'idle' })).to.equal(2);
    await open.store.workers.forget('one');
    await open.store.workers.forget('two');
    expect(metricValue(await metrics.text(), 'chainr_pool_workers', { pool: 'idle' })).to.equal(undefined);
  });

  it('say 0 workers of a pool in which jobs wait for one', async () => {
    await open.create(pipelineOf({ a: { pool: 'gpu' } }));
    expect(metricValue(await metrics.text(), 'chainr_pool_workers', { pool: 'gpu' })).to.equal(0);
  });

  it('are left out while Redis does not answer, and the others are not', async () => {
    await open.create(pipelineOf({ a: [] }));
    metrics.counter('sweepChanges').inc({ sweep: 'x' });
    await metrics.text();
    process.kill(open.redis.pid, 'SIGSTOP');
    try {
      const text = await metrics.text();
      expect(metricValue(text, 'chainr_sweep_changes_total', { sweep: 'x' })).to.equal(1);
      for (const name of ['chainr_queue_jobs', 'chainr_live_runs', 'chainr_redis_memory_ratio', 'chainr_pool_workers'])
        expect(metricValue(text, name), name).to.equal(undefined);
    } finally {
      process.kill(open.redis.pid, 'SIGCONT');
    }
  });

  it('show a hundred pools, and the others as one, however many pipelines name', async () => {
    for (let at = 0; at < 120; at += 1) await open.create(pipelineOf({ a: [] }, { pool: `p${String(at)}` }));
    await open.create(pipelineOf({ a: [] }, { pool: 'p119' }));
    const text = await metrics.text();
    expect(text.match(/^chainr_queue_jobs\{/gm)).to.have.length(101);
    expect(metricValue(text, 'chainr_queue_jobs', { pool: 'p119' }), 'the one with most jobs is shown').to.equal(2);
    expect(metricValue(text, 'chainr_queue_jobs', { pool: '(others)' })).to.equal(20);
  });
});
