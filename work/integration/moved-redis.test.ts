import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { prefix } from '@chainr/core/store/redis/keys';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation } from '@chainr/testkit/constellation';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { startCluster, startSentinels, type RedisGroup } from '@chainr/testkit/redis-groups';
import { untilFinal } from '@chainr/testkit/waits';

const kinds: Record<string, () => Promise<RedisGroup>> = {
  'the Sentinels make a replica the primary': startSentinels,
  'another node of the cluster gets the slot': () => startCluster(prefix),
};

describe('a Redis that moves in the middle of a run', function () {
  this.timeout(180_000);

  for (const [what, start] of Object.entries(kinds)) {
    it(`goes on and starts nothing twice where ${what}`, async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'chainr-moved-'));
      const group = await start();
      const redis = { url: group.url, pid: 0, folder, stop: () => Promise.resolve() };
      const executor = createProcessExecutor({ folder, instance: 'test' });
      const chainr = await startConstellation({ executor, redis });
      try {
        const ledger = path.join(folder, 'ledger');
        const names = Array.from({ length: 12 }, (_, at) => `job-${at}`);
        const run = 'echo "$CHAINR_JOB" >> "$LEDGER"; for i in $(seq 1 20); do echo "line $i"; sleep 0.05; done';
        const jobs = Object.fromEntries(
          names.map((name, at) => [name, { image: 'busybox', run, dependsOn: at < 4 ? [] : [names[at - 4]] }]),
        );
        const text = JSON.stringify({ kind: 'Pipeline', env: { LEDGER: ledger }, jobs });
        const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
        await untilLines(ledger, 5);
        await group.move();
        await untilFinal(chainr.store.events, metadata.uid);
        expect(await chainr.client.getRun(metadata.uid)).to.include({ status: 'SUCCESSFUL' });
        expect(linesIn(ledger).sort()).to.deep.equal([...names].sort());
        const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`).join('');
        for (const name of names) {
          const log = await fetch(`${chainr.url}/api/runs/${metadata.uid}/jobs/${name}/logs?follow=true`);
          expect(await log.text(), name).to.equal(lines);
        }
      } finally {
        await chainr.stop();
        await group.stop();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
