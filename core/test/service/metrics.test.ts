import { expect } from 'chai';
import { register } from 'prom-client';
import { HttpServer } from '../../src/service/http-server.js';
import { Health } from '../../src/service/health.js';
import { healthApp } from '../../src/service/health-app.js';
import { createLogger } from '../../src/service/logger.js';
import { metricTable } from '../../src/service/metric-table.js';
import { Metrics } from '../../src/service/metrics.js';
import { metricValue } from '@chainr/testkit/metric-value';

const quiet = createLogger('test', 'silent');

describe('the metrics of a service', () => {
  it('are its own, with its name, even if several services share a process', async () => {
    const [one, two] = [new Metrics('one'), new Metrics('two')];
    one.countAnswer(200);
    expect(await one.text()).to.include('chainr_http_answers_total{class="2xx",service="one"} 1');
    expect(await two.text()).to.include('chainr_http_answers_total{class="2xx",service="two"} 0');
    expect(await two.text()).to.not.include('service="one"');
    expect(await register.metrics()).to.not.include('service=');
  });

  it('include the process, measured at each read', async () => {
    const metrics = new Metrics('one');
    await metrics.text();
    expect(await metrics.text()).to.match(/^process_resident_memory_bytes\{service="one"\} \d+$/m);
  });

  it('are served beside its health checks, and count the answers', async () => {
    const metrics = new Metrics('one');
    const app = healthApp(new Health(metrics, {}, quiet), quiet);
    const server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, quiet, { metrics });
    await server.start();
    try {
      for (const path of ['/healthz', '/healthz', '/nothing']) await (await fetch(server.url + path)).text();
      const response = await fetch(`${server.url}/metrics`);
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      expect(text).to.include('chainr_http_answers_total{class="2xx",service="one"} 2');
      expect(text).to.include('chainr_http_answers_total{class="4xx",service="one"} 1');
    } finally {
      await server.stop();
    }
  });

  it('read at the time of a scrape what is not worth keeping up to date', async () => {
    const metrics = new Metrics('one');
    let waiting = 3;
    metrics.onRead(async () => {
      metrics.forget('queueJobs');
      if (waiting > 0) metrics.gauge('queueJobs').set({ pool: 'a' }, waiting);
    });
    expect(metricValue(await metrics.text(), 'chainr_queue_jobs', { pool: 'a' })).to.equal(3);
    waiting = 0;
    expect(metricValue(await metrics.text(), 'chainr_queue_jobs')).to.equal(undefined);
  });

  it('have durations in the buckets of their table', async () => {
    const metrics = new Metrics('one');
    const countCall = metrics.redisCallCounter();
    countCall(3, true);
    countCall(1_500, false);
    const text = await metrics.text();
    expect(metricValue(text, 'chainr_redis_call_seconds_bucket', { le: '0.005' })).to.equal(1);
    expect(metricValue(text, 'chainr_redis_call_seconds_bucket', { le: '2.5' })).to.equal(2);
    expect(metricValue(text, 'chainr_redis_call_seconds_sum')).to.equal(1.503);
    expect(metricValue(text, 'chainr_redis_call_errors_total')).to.equal(1);
  });

  it('have names that begin with chainr_ and contain their units', () => {
    const forms = {
      counter: /^chainr_[a-z_]+_total$/,
      gauge: /^chainr_[a-z_]+(?<!_total)$/,
      histogram: /^chainr_[a-z_]+_seconds$/,
    };
    for (const { name, kind } of Object.values(metricTable)) expect(name).to.match(forms[kind]);
  });
});
