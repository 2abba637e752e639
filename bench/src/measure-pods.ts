import { randomUUID } from 'node:crypto';
import { isFinalRun } from '@chainr/core/engine/states';
import { ApiClient } from '@chainr/executor/kubernetes/api/api-client';
import { findCredentials, type Credentials } from '@chainr/executor/kubernetes/api/credentials';
import { createKubernetesExecutor } from '@chainr/executor/kubernetes/create-kubernetes-executor';
import { findCluster } from '@chainr/executor/kubernetes/find-cluster';
import { podName } from '@chainr/executor/kubernetes/names';
import { buildPod } from '@chainr/executor/kubernetes/pod/build-pod';
import type { AttemptSpec } from '@chainr/executor/port';
import { openEngine, type Engine } from './open-engine.js';
import { PodRecorder } from './record-pods.js';
import { median, percentile, type Row } from './row.js';
import { chainOf, type Shape } from './shapes.js';

const podsAtOnce = 50;
const rounds = 5;
const chainLength = 20;
const graceMs = 5_000;

interface Cluster {
  credentials: Credentials;
  id: string;
  api: ApiClient;
  pods: string;
}

/** Pods of a real cluster; left out where KUBECONFIG names none. */
export async function* measurePods(): AsyncGenerator<Row> {
  const kubeconfig = process.env['KUBECONFIG'] ?? '';
  if (kubeconfig === '') {
    console.log('  left out: set KUBECONFIG to a cluster for tests');
    return;
  }
  const cluster = await openCluster(kubeconfig);
  try {
    const pairs: { runs: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      pairs.push({ bare: await barePods(cluster), runs: await oneJobRuns(cluster) });
    }
    const [runs, bare] = (['runs', 'bare'] as const).map((kind) => median(pairs.map((pair) => pair[kind])));
    yield {
      name: `${podsAtOnce} runs of one job`,
      figure: `${(runs ?? 0).toFixed(1)} s, ${(bare ?? 0).toFixed(1)} s for as many bare pods`,
      value: median(pairs.map((pair) => pair.runs / pair.bare)),
      unit: '×',
      target: { atMost: 1.1 },
    };
    const gaps = await chainGaps(cluster);
    yield {
      name: 'end of a pod to the next',
      figure: `chain of ${chainLength}; p90 ${percentile(gaps, 90).toFixed(0)} ms`,
      value: median(gaps),
      unit: 'ms',
      target: { atMost: 50 },
    };
  } finally {
    cluster.api.close();
  }
}

async function openCluster(kubeconfig: string): Promise<Cluster> {
  const credentials = await findCredentials(kubeconfig, process.env);
  const found = await findCluster(credentials, [credentials.namespace]);
  if ('absent' in found) throw new Error(found.absent);
  const pods = `/api/v1/namespaces/${credentials.namespace}/pods`;
  return { credentials, id: found.id, api: new ApiClient(credentials), pods };
}

/** Seconds from the first request to the end of the last pod, with the same pods and the same client. */
async function barePods({ api, pods, credentials }: Cluster): Promise<number> {
  const instance = randomUUID();
  const recorder = new PodRecorder();
  await recorder.start(api, pods, instance);
  const settings = { graceSeconds: graceMs / 1000, backstopSeconds: 3600 };
  const specs = Array.from({ length: podsAtOnce }, (_, at): AttemptSpec => {
    const step = { name: 'main', image: 'busybox', run: ':', env: {}, continueOnError: false };
    return { run: randomUUID(), job: `job-${at}`, attempt: 1, pipeline: '', steps: [step] };
  });
  const begun = performance.now();
  await Promise.all(
    specs.map((spec) => api.call('POST', pods, { body: buildPod(instance, credentials.namespace, spec, settings) })),
  );
  await recorder.untilEnded(podsAtOnce);
  const seconds = (performance.now() - begun) / 1000;
  recorder.stop();
  for (const spec of specs) await removePod(api, `${pods}/${podName(instance, spec)}`);
  return seconds;
}

async function removePod(api: ApiClient, path: string): Promise<void> {
  await api.call('DELETE', path, { body: { gracePeriodSeconds: 0 } });
  const body = { metadata: { finalizers: null } };
  await api.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });
}

/** Seconds from the first run's creation to the end of the last one. */
async function oneJobRuns(cluster: Cluster): Promise<number> {
  return withEngine(cluster, async (engine) => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: podsAtOnce }, () => createRun(engine, chainOf(1))));
    await untilRunsEnded(engine, podsAtOnce);
    return (performance.now() - begun) / 1000;
  });
}

/** From the end of each pod of a chain to the creation of the next, as a watch of its own sees them, in ms. */
async function chainGaps(cluster: Cluster): Promise<number[]> {
  return withEngine(cluster, async (engine, instance) => {
    const recorder = new PodRecorder();
    await recorder.start(cluster.api, cluster.pods, instance);
    await createRun(engine, chainOf(chainLength));
    await untilRunsEnded(engine, 1);
    recorder.stop();
    return Array.from({ length: chainLength - 1 }, (_, at) => {
      return (recorder.created.get(`job-${at + 1}`) ?? NaN) - (recorder.ended.get(`job-${at}`) ?? NaN);
    });
  });
}

async function withEngine<T>(cluster: Cluster, work: (engine: Engine, instance: string) => Promise<T>): Promise<T> {
  const instance = randomUUID();
  const executor = createKubernetesExecutor({
    credentials: cluster.credentials,
    clusterId: cluster.id,
    namespaces: [cluster.credentials.namespace],
    instance: () => instance,
    stopGraceMs: graceMs,
  });
  const engine = await openEngine({ capacity: 2 * podsAtOnce, executor, removalGraceMs: 3_600_000 });
  try {
    return await work(engine, instance);
  } finally {
    await engine.stop();
    const last = createKubernetesExecutor({
      credentials: cluster.credentials,
      clusterId: cluster.id,
      namespaces: [cluster.credentials.namespace],
      instance: () => instance,
      stopGraceMs: graceMs,
    });
    for (const found of await last.list()) await last.remove(found, () => undefined);
    await last.close();
  }
}

async function createRun({ store }: Engine, { pipeline, text }: Shape): Promise<void> {
  const source = { contentType: 'application/json', text };
  const created = await store.runs.createRun({ pipeline, source, defaultPool: 'kubernetes' });
  if (created.kind !== 'created') throw new Error(`a run was not created: ${created.kind}`);
}

async function untilRunsEnded({ store }: Engine, count: number): Promise<void> {
  let cursor = '0-0';
  for (let ended = 0; ended < count;) {
    const page = await store.events.readEvents(cursor, 1000);
    for (const event of page.events) {
      if (event.kind !== 'run.status' || !isFinalRun(event.status)) continue;
      if (event.status !== 'SUCCESSFUL') throw new Error(`run ${event.run} ended ${event.status}`);
      ended += 1;
    }
    cursor = page.cursor;
    if (page.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
