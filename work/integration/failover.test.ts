import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { freePort } from '@chainr/testkit/free-port';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { untilFound } from '@chainr/testkit/until-found';
import { runThroughMove } from './run-through-move.js';

describe('a replica that takes over in the middle of a run', function () {
  this.timeout(180_000);
  let folder: string;
  let servers: TestRedis[];
  let proxy: RedisProxy;
  let chainr: Constellation;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-failover-'));
    const port = await freePort();
    const primary = await startRedis(['--port', port]);
    const replica = await startRedis(['--port', await freePort(), '--replicaof', '127.0.0.1', port]);
    servers = [primary, replica];
    proxy = await startRedisProxy(primary.url, path.join(folder, 'proxy.sock'));
    const redis = { ...primary, url: proxy.url, stop: () => Promise.resolve() };
    const executor = createProcessExecutor({ folder, instance: 'test' });
    chainr = await startConstellation({ executor, redis });
  });

  afterEach(async () => {
    await chainr.stop();
    await proxy.close();
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The primary dies and the replica takes its place, with or without the library of functions. */
  async function failOver(keepsLibrary: boolean): Promise<void> {
    const [primary, replica] = servers as [TestRedis, TestRedis];
    const client = await openRedisClient(replica.url);
    const look = () => client.info('replication');
    await untilFound('the replica to be in step', look, (info) => info.includes('master_link_status:up'));
    process.kill(primary.pid, 'SIGKILL');
    await client.call('REPLICAOF', 'NO', 'ONE');
    await client.config('SET', 'appendonly', 'yes');
    if (!keepsLibrary) await client.function('FLUSH');
    client.disconnect();
    proxy.pointTo(replica.url);
  }

  for (const keepsLibrary of [true, false]) {
    it(`starts nothing twice and loses no line, ${keepsLibrary ? 'with' : 'without'} the library of functions`, async () => {
      await runThroughMove(chainr, folder, () => failOver(keepsLibrary));
    });
  }
});
