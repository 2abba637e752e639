import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startRedis } from '@chainr/testkit/redis';
import { redisSettings } from './open-engine.js';

const queueName = 'no-op';
const addsAtOnce = 50;
const concurrency = 100;

/**
 * The baseline: BullMQ alone, in this process, adds and drains no-op jobs as fast as it can.
 * @returns seconds from the first add to the last completion
 */
export async function runBullmq(jobs: number): Promise<number> {
  const redis = await startRedis(redisSettings);
  const connect = () => new Redis({ path: redis.url.slice('unix:'.length), maxRetriesPerRequest: null });
  const adding = connect();
  const working = connect();
  const options = { skipVersionCheck: true, skipMetasUpdate: true };
  const queue = new Queue(queueName, { connection: adding, ...options });
  const worker = new Worker(queueName, () => Promise.resolve(), { connection: working, concurrency });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  let completed = 0;
  const drained = new Promise<void>((resolve) => {
    worker.on('completed', () => {
      completed += 1;
      if (completed === jobs) resolve();
    });
  });
  let left = jobs;
  const addOneAfterTheOther = async () => {
    while (left > 0) {
      left -= 1;
      await queue.add('no-op', { n: left }, { removeOnComplete: true, removeOnFail: true });
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: addsAtOnce }, addOneAfterTheOther));
  await drained;
  const seconds = (performance.now() - startedAt) / 1000;
  await worker.close();
  await queue.close();
  adding.disconnect();
  working.disconnect();
  await redis.stop();
  return seconds;
}
