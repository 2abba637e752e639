import { Agent, request } from 'node:http';
import { startRedis } from '@chainr/testkit/redis';
import { redisSettings } from './open-engine.js';
import { percentile, type Row } from './row.js';
import { readmeShape } from './shapes.js';
import { buildServices, spawnService } from './spawn-service.js';

const connections = 50;
const warmUpPosts = 3_000;
const posts = 10_000;

/** The pipeline of the README, sent to one sched, without gate. */
export async function* measureRunPosts(): AsyncGenerator<Row> {
  await buildServices();
  const redis = await startRedis(redisSettings);
  const sched = await spawnService('sched', redis.folder, { CHAINR_REDIS_URL: redis.url });
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  try {
    const body = readmeShape().text;
    const post = () => postRun({ agent, socketPath: sched.socketPath, body });
    await postAll(warmUpPosts, post);
    const startedAt = performance.now();
    const times = await postAll(posts, post);
    const rate = posts / ((performance.now() - startedAt) / 1000);
    const figure = `${connections} connections, one sched`;
    yield { name: 'POST /api/runs', figure, value: rate, unit: '/s', target: { atLeast: 1_000 } };
    yield { name: 'POST /api/runs, p99', figure, value: percentile(times, 99), unit: 'ms', target: { atMost: 100 } };
  } finally {
    agent.destroy();
    await sched.stop();
    await redis.stop();
  }
}

/** @returns how long each took, in milliseconds */
async function postAll(count: number, post: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const postOneAfterTheOther = async () => {
    while (left > 0) {
      left -= 1;
      const sentAt = performance.now();
      await post();
      times.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, postOneAfterTheOther));
  return times;
}

function postRun({ agent, socketPath, body }: { agent: Agent; socketPath: string; body: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sending = request({ method: 'POST', path: '/api/runs', agent, socketPath, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 202) resolve();
        else reject(new Error(`a run was answered with ${String(response.statusCode)}`));
      });
    });
    sending.on('error', reject);
    sending.end(body);
  });
}
