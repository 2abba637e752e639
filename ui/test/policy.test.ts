import { createLogger } from '@chainr/core/service/logger';
import type { ListeningService } from '@chainr/core/service/listening-service';
import { expect } from 'chai';
import { createService } from '../src/service.js';

describe('ui', () => {
  let service: ListeningService;

  before(async () => {
    const config = { listen: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' };
    service = createService(config, createLogger('test', 'silent'));
    await service.start();
  });

  after(() => service.stop());

  it('serves one page that may only run its own script, load nothing and not be framed', async () => {
    const response = await fetch(service.url);
    expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).to.match(/^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; /);
    expect(policy).to.include("frame-ancestors 'none'").and.to.not.include('unsafe');
    const html = await response.text();
    expect(html).to.not.match(/(src|href)="(https?:)?\/\//);
    expect(html).to.not.include('innerHTML');
  });

  it('has no other page and accepts no other method', async () => {
    expect((await fetch(`${service.url}/other`)).status).to.equal(404);
    expect((await fetch(service.url, { method: 'POST' })).status).to.equal(405);
    expect((await fetch(`${service.url}/healthz`)).status).to.equal(200);
    expect((await fetch(`${service.url}/readyz`)).status).to.equal(200);
  });
});
