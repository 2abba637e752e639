import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { prefix } from '@chainr/core/store/redis/keys';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation } from '@chainr/testkit/constellation';
import { startCluster, startSentinels, type RedisGroup } from '@chainr/testkit/redis-groups';
import { runThroughMove } from './run-through-move.js';

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
        await runThroughMove(chainr, folder, () => group.move());
      } finally {
        await chainr.stop();
        await group.stop();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
