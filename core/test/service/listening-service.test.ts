import { expect } from 'chai';
import express from 'express';
import { deferred, type Deferred } from './deferred.js';
import { Health } from '../../src/service/health.js';
import { HttpServer } from '../../src/service/http-server.js';
import type { Part } from '../../src/service/lifecycle.js';
import { ListeningService } from '../../src/service/listening-service.js';
import { createLogger } from '../../src/service/logger.js';
import { Metrics } from '../../src/service/metrics.js';

const quiet = createLogger('test', 'silent');

describe('a service that listens', () => {
  let starting: Deferred<void>;
  let stopping: Deferred<void>;
  let partStopped: boolean;
  let service: ListeningService;
  let health: Health;

  function create(probesOnly: boolean): void {
    starting = deferred();
    stopping = deferred();
    partStopped = false;
    const part: Part = {
      name: 'part',
      start: () => starting.promise,
      stop: async () => {
        partStopped = true;
        await stopping.promise;
      },
    };
    health = new Health(new Metrics('test'), {}, quiet);
    const app = express().use(health.routes());
    app.get('/slow', async (_request, response) => {
      asked.resolve();
      await answering.promise;
      response.send(partStopped ? 'without its part' : 'whole');
    });
    const server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, quiet);
    service = new ListeningService('test', quiet, { parts: [part], server, health, probesOnly });
  }

  let asked: Deferred<void>;
  let answering: Deferred<void>;

  beforeEach(() => {
    asked = deferred();
    answering = deferred();
  });

  const readiness = async () => ((await (await fetch(`${service.url}/readyz`)).json()) as { status: string }).status;

  it('answers probes before its parts have started', async () => {
    create(true);
    const started = service.start();
    await new Promise(setImmediate);
    while (service.url === '') await new Promise(setImmediate);
    expect((await fetch(`${service.url}/healthz`)).status).to.equal(200);
    expect(await readiness()).to.equal('starting');
    starting.resolve();
    await started;
    expect(await readiness()).to.equal('ok');
    stopping.resolve();
    await service.stop();
  });

  it('says that it stops for as long as its parts do, if it answers only probes', async () => {
    create(true);
    starting.resolve();
    await service.start();
    const { url } = service;
    const stopped = service.stop();
    expect(await readiness()).to.equal('stopping');
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    stopping.resolve();
    await stopped;
    expect(await fetch(`${url}/healthz`).catch(() => 'gone')).to.equal('gone');
  });

  it('ends requests under way before its parts stop, and takes no more', async () => {
    create(false);
    starting.resolve();
    stopping.resolve();
    await service.start();
    const { url } = service;
    const slow = fetch(`${url}/slow`);
    await asked.promise;
    const stopped = service.stop();
    expect(await fetch(`${url}/readyz`).catch(() => 'gone')).to.equal('gone');
    answering.resolve();
    expect(await (await slow).text()).to.equal('whole');
    await stopped;
    expect(partStopped).to.equal(true);
  });
});
