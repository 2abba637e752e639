import { expect } from 'chai';
import type { ListeningService } from '@chainr/core/service/listening-service';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { metricValue } from '@chainr/testkit/metric-value';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import { createService } from '../src/service.js';

describe('the metrics of events', () => {
  let open: OpenStore;
  let notif: ListeningService;

  before(async () => {
    open = await openStore();
    const config = { redisUrl: open.redis.url, listen: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' };
    notif = createService(config, silentLogger);
    await notif.start();
  });

  after(async () => {
    await notif.stop();
    await open.close();
  });

  const read = async () => (await fetch(`${notif.url}/metrics`)).text();
  const untilCounted = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
    untilFound(`${name} to be ${String(value)}`, read, (text) => metricValue(text, name, labels) === value);

  it('count each change of a run and of its jobs once, whoever made it', async () => {
    const text = await read();
    expect(metricValue(text, 'chainr_run_changes_total', { status: 'FAILED' })).to.equal(0);
    expect(metricValue(text, 'chainr_job_changes_total', { reason: 'Lost' })).to.equal(0);
    const run = await open.create(pipelineOf({ a: [], b: ['a'] }));
    const lease = await claimJob(open.store, run, 0);
    await open.store.transitions.finish(lease, { reason: 'ExitCode', exitCode: 3 }, {});
    await untilCounted('chainr_run_changes_total', { status: 'FAILED' }, 1);
    const after = await read();
    const count = (name: string, labels: Readonly<Record<string, string>>) => metricValue(after, name, labels);
    expect(count('chainr_run_changes_total', { status: 'PENDING' })).to.equal(1);
    expect(count('chainr_run_changes_total', { status: 'RUNNING' })).to.equal(1);
    expect(count('chainr_job_changes_total', { status: 'RUNNING', reason: 'Starting' })).to.equal(1);
    expect(count('chainr_job_changes_total', { status: 'FAILED', reason: 'ExitCode' })).to.equal(1);
    expect(count('chainr_job_changes_total', { status: 'SKIPPED', reason: 'ConditionNotMet' })).to.equal(1);
    expect(count('chainr_event_lag_seconds_count', {})).to.be.greaterThan(0);
  });

  it('count the clients that follow the events while they do', async () => {
    const gone = new AbortController();
    const { status, body } = await fetch(`${notif.url}/api/events?follow=true`, { signal: gone.signal });
    expect(status).to.equal(200);
    await untilCounted('chainr_event_clients', {}, 1);
    await body?.cancel();
    gone.abort();
    await untilCounted('chainr_event_clients', {}, 0);
  });
});
