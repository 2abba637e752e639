import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import { Client } from '@chainr/core/api/client/client';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { processesOf, untilGone } from '@chainr/testkit/processes-of';
import { createRun, endOfRun, logOf } from './runs.js';
import { Command } from '@chainr/testkit/command';

/** The services that need Redis. */
const stateful = ['sched', 'notif', 'work', 'recycle'] as const;

async function probe(socketPath: string, path: string): Promise<{ status: number | undefined; body: unknown }> {
  const [response] = (await once(http.get({ socketPath, path, agent: false }), 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await json(response) };
}

describe('services as processes of their own', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let redis: RedisServer | undefined;

  afterEach(async () => {
    await redis?.stop();
    redis = undefined;
  });

  const socketOf = (home: string, name: string) => path.join(home, `${name}.sock`);

  function begin(home: string, service: string, env: Record<string, string> = {}): Command {
    const listen = { CHAINR_LISTEN: `unix:${socketOf(home, service)}` };
    const redisUrl =
      service === 'gate' || service === 'ui' ? {} : { CHAINR_REDIS_URL: `unix:${socketOf(home, 'redis')}` };
    const data = service === 'work' ? { CHAINR_HOME: home } : {};
    return new Command(`${service}/src/main.ts`, [], { ...listen, ...redisUrl, ...data, ...env });
  }

  const startRedis = async (home: string, extra: readonly string[] = []) =>
    (redis = await startRedisServer({ folder: home, socketPath: socketOf(home, 'redis'), extra }));

  it('wait for Redis, log that, and then run pipelines', async () => {
    const home = await folders.make();
    const waiting = stateful.map((service) => begin(home, service));
    await Promise.all(waiting.map((service) => service.says(/Waiting for Redis/)));
    for (const name of stateful) {
      expect(await probe(socketOf(home, name), '/healthz'), `${name} lives`).to.deep.include({ status: 200 });
      const ready = await probe(socketOf(home, name), '/readyz');
      expect(ready, `${name} is not ready`).to.deep.include({ status: 503 });
      expect(ready.body).to.include({ status: 'starting' });
    }
    const upstreams = Object.fromEntries(
      ['sched', 'notif', 'ui'].map((name) => [`CHAINR_${name.toUpperCase()}_URL`, `unix:${socketOf(home, name)}`]),
    );
    const gate = begin(home, 'gate', { ...upstreams, CHAINR_LISTEN: '127.0.0.1:0' });
    const [, url = ''] = await gate.says(/"url":"(http:[^"]+)"/);
    expect((await fetch(`${url}/api/runs`)).status, 'without sched').to.equal(503);

    await startRedis(home);
    const ui = begin(home, 'ui');
    const all = [...waiting, ui, gate];
    await Promise.all(all.map((service) => service.says(/"msg":"started"/)));
    const client = new Client({ baseUrl: url });
    const pipeline = { kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'echo "$CHAINR_JOB"' } } };
    const uid = await createRun(client, pipeline);
    expect((await endOfRun(client, uid)).status).to.equal('SUCCESSFUL');
    expect(await logOf(client, uid, 'only')).to.deep.equal(['only']);
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);

    for (const service of all) service.signal('SIGTERM');
    for (const service of all) expect(await service.ended).to.deep.equal({ code: 0, signal: null });
  });

  it('refuse a Redis that evicts keys, and say what to do', async () => {
    const home = await folders.make();
    await startRedis(home, ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    for (const service of stateful.map((name) => begin(home, name))) {
      expect(await service.ended).to.deep.equal({ code: 2, signal: null });
      expect(service.output).to.match(/^\w+: [^\n]*set maxmemory-policy to noeviction\.\n/m);
    }
    await redis?.stop();
    await untilGone(() => processesOf(home));
  });
});
