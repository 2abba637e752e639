import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '@chainr/testkit/redis';
import { redisSettings } from './open-engine.js';
import { residentMegabytes } from './process-usage.js';
import type { Row } from './row.js';
import { buildServices, spawnService, type SpawnedService } from './spawn-service.js';

/** Gate is last: it is ready only after the services behind it. */
const names = ['sched', 'notif', 'ui', 'work', 'recycle', 'gate'];
/**
 * Loading modules makes V8's young generation larger for a moment. V8 gives that back after about a minute without work: a
 * service is idle after that, not a few seconds after its start.
 */
const settleMs = 120_000;

/** The memory of each service as an idle process of its own; the largest counts. */
export async function* measureIdleMemory(): AsyncGenerator<Row> {
  await buildServices();
  const redis = await startRedis(redisSettings);
  const services: SpawnedService[] = [];
  try {
    const urlOf = (name: string) => `unix:${redis.folder}/${name}.sock`;
    const upstreams = {
      CHAINR_SCHED_URL: urlOf('sched'),
      CHAINR_NOTIF_URL: urlOf('notif'),
      CHAINR_UI_URL: urlOf('ui'),
    };
    const stateful = { CHAINR_REDIS_URL: redis.url };
    const envOf = (name: string) =>
      name === 'gate'
        ? upstreams
        : name === 'ui'
          ? {}
          : name === 'work'
            ? { ...stateful, CHAINR_HOME: redis.folder }
            : stateful;
    for (const name of names) services.push(await spawnService(name, redis.folder, envOf(name)));
    await pause(settleMs);
    const sizes = await Promise.all(services.map(({ pid }) => residentMegabytes(pid)));
    const figure = names.map((name, at) => `${name} ${(sizes[at] ?? Number.NaN).toFixed(0)}`).join(', ');
    yield { name: 'idle service', figure, value: Math.max(...sizes), unit: 'MB', target: { atMost: 90 } };
  } finally {
    for (const service of services.toReversed()) await service.stop();
    await redis.stop();
  }
}
