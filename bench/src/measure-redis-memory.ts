import { setTimeout as pause } from 'node:timers/promises';
import { keys } from '@chainr/core/store/redis/keys';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { openEngine } from './open-engine.js';
import type { Row } from './row.js';
import { runShape } from './run-shape.js';
import { readmeShape } from './shapes.js';

const runsBefore = 2_000;
const runsBetween = 5_000;
const askEveryMs = 100;

/** What a finished job of the README's pipeline leaves in Redis, without a log: the slope over 20,000 jobs. */
export async function* measureRedisMemory(): AsyncGenerator<Row> {
  const engine = await openEngine({ removalGraceMs: 1 });
  const client = await openRedisClient(engine.redis.url);
  const usedBytes = async () => {
    while ((await client.zcard(keys.due(1))) > 0) await pause(askEveryMs);
    return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  };
  try {
    const shape = readmeShape();
    await runShape(engine, shape, runsBefore, 64);
    const before = await usedBytes();
    await runShape(engine, shape, runsBetween, 64);
    const jobs = runsBetween * shape.pipeline.jobs.length;
    const value = ((await usedBytes()) - before) / jobs;
    const figure = `slope over ${jobs.toLocaleString('en')} finished jobs, no log`;
    yield { name: 'Redis per job', figure, value, unit: 'bytes', target: { atMost: 1_000 } };
  } finally {
    client.disconnect();
    await engine.stop();
  }
}
