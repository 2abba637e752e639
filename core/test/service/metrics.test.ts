import { expect } from 'chai';
import { register } from 'prom-client';
import { HttpServer } from '../../src/service/http-server.js';
import { healthApp } from '../../src/service/health-app.js';
import { createLogger } from '../../src/service/logger.js';
import { metricTable } from '../../src/service/metric-table.js';
import { Metrics } from '../../src/service/metrics.js';

const quiet = createLogger('test', 'silent');

describe('the metrics of a service', () => {
  it('are its own, with its name, even if several services share a process', async () => {
    const [one, two] = [new Metrics('one'), new Metrics('two')];
    one.countAnswer(200);
    expect(await one.text()).to.include('chainr_http_answers_total{class="2xx",service="one"} 1');
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
    const app = healthApp(metrics, {}, quiet);
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

  it('have names that begin with chainr_ and contain their units', () => {
    for (const { name, kind } of Object.values(metricTable)) {
      expect(name).to.match(kind === 'counter' ? /^chainr_[a-z_]+_total$/ : /^chainr_[a-z_]+(?<!_total)$/);
    }
  });
});
