import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation, type Constellation } from '@chainr/testkit/constellation';
import { freePort } from '@chainr/testkit/free-port';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';

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
      const ledger = path.join(folder, 'ledger');
      const names = Array.from({ length: 12 }, (_, at) => `job-${at}`);
      const run = 'echo "$CHAINR_JOB" >> "$LEDGER"; for i in $(seq 1 20); do echo "line $i"; sleep 0.05; done';
      const jobs = Object.fromEntries(
        names.map((name, at) => [name, { image: 'busybox', run, dependsOn: at < 4 ? [] : [names[at - 4]] }]),
      );
      const text = JSON.stringify({ kind: 'Pipeline', env: { LEDGER: ledger }, jobs });
      const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
      await untilLines(ledger, 5);
      await failOver(keepsLibrary);
      await untilFinal(chainr.store.events, metadata.uid);
      expect(await chainr.client.getRun(metadata.uid)).to.include({ status: 'SUCCESSFUL' });
      expect(linesIn(ledger).sort()).to.deep.equal([...names].sort());
      const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`).join('');
      for (const name of names) {
        const log = await fetch(`${chainr.url}/api/runs/${metadata.uid}/jobs/${name}/logs?follow=true`);
        expect(await log.text(), name).to.equal(lines);
      }
    });
  }
});
