import { Client } from '@chainr/core/api/client/client';
import { socketFetch } from '@chainr/core/api/client/socket-fetch';
import { startKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';
import { startRedis } from '@chainr/testkit/redis';
import { untilFound } from '@chainr/testkit/until-found';
import { insidePod } from './inside-pod.js';
import { redisSettings } from './open-engine.js';
import { residentMegabytes } from './process-usage.js';
import type { Row } from './row.js';
import { buildServices, spawnService, type SpawnedService } from './spawn-service.js';

const attempts = 500;
const patienceMs = 5 * 60_000;
/**
 * V8 gives a heap with 50 MB in it three times as much room, to collect rarely. Where memory is paid for, it is told not
 * to: old objects get a fifth more than they need, and young ones 12 MB.
 */
const nodeOptions = ['--heap-growing-percent=20', '--max-semi-space-size=4'];
/** The most is looked for, since memory rises and falls. */
const lookEveryMs = 200;

/**
 * The memory of one worker with 500 pods in flight that all write, on the stand-in of Kubernetes. It finds its cluster as
 * in a pod: with a kubeconfig it has the library for those too, some 60 MB (ADR 29).
 */
export async function* measurePodsMemory(): AsyncGenerator<Row> {
  await buildServices();
  const redis = await startRedis(redisSettings);
  const cluster = await startKubernetes({ isSecure: true, node: { pods: 2 * attempts, cpu: 1_000, memory: 2 ** 42 } });
  const pod = await insidePod(cluster);
  const services: SpawnedService[] = [];
  try {
    const stateful = { CHAINR_REDIS_URL: redis.url };
    const settings = { CHAINR_EXECUTOR: 'kubernetes', CHAINR_CAPACITY: String(attempts) };
    const { env, within } = pod;
    const worker = await spawnService(
      'work',
      redis.folder,
      { ...stateful, ...settings, ...env },
      { nodeOptions, within },
    );
    services.push(worker);
    const sched = await spawnService('sched', redis.folder, { ...stateful, CHAINR_DEFAULT_POOL: 'kubernetes' });
    services.push(sched);
    let most = await residentMegabytes(worker.pid);
    const idle = most;
    const look = setInterval(() => {
      void residentMegabytes(worker.pid).then((size) => (most = Math.max(most, size)));
    }, lookEveryMs);
    try {
      const run = `i=0; while :; do echo "line $i of a job that writes"; i=$((i+1)); sleep 5; done`;
      const jobs = Object.fromEntries(
        Array.from({ length: attempts }, (_, at) => [`job-${String(at)}`, { image: 'busybox', run }]),
      );
      const client = new Client({ baseUrl: 'http://localhost', fetch: socketFetch(sched.socketPath) });
      const { metadata } = await client.createRun({
        contentType: 'application/json',
        text: JSON.stringify({ kind: 'Pipeline', jobs }),
      });
      const runningOf = () => cluster.store.list('pods').filter(({ status }) => status.phase === 'Running').length;
      await untilFound('500 pods that run', runningOf, (count) => count === attempts, {
        withinMs: patienceMs,
        everyMs: 200,
      });
      const begun = performance.now();
      await untilFound(
        'a minute of their work',
        () => performance.now() - begun,
        (ms) => ms > 60_000,
        { everyMs: 1_000 },
      );
      const working = await residentMegabytes(worker.pid);
      await client.cancelRun(metadata.uid);
      await untilFound('the end of all pods', runningOf, (count) => count === 0, {
        withinMs: patienceMs,
        everyMs: 200,
      });
      yield {
        name: `worker with ${String(attempts)} pods`,
        figure: `idle ${idle.toFixed(0)}, after a minute of work ${working.toFixed(0)} MB`,
        value: most,
        unit: 'MB',
        target: { atMost: 150 },
      };
    } finally {
      clearInterval(look);
    }
  } finally {
    for (const service of services.toReversed()) await service.stop();
    await pod.remove();
    await cluster.stop();
    await redis.stop();
  }
}
