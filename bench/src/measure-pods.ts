import { randomUUID } from 'node:crypto';
import { isFinalRun } from '@chainr/core/engine/states';
import { ApiClient } from '@chainr/executor/kubernetes/api/api-client';
import { findCredentials, type Credentials } from '@chainr/executor/kubernetes/api/credentials';
import { createKubernetesExecutor } from '@chainr/executor/kubernetes/create-kubernetes-executor';
import { findCluster } from '@chainr/executor/kubernetes/find-cluster';
import { podName } from '@chainr/executor/kubernetes/names';
import { buildPod } from '@chainr/executor/kubernetes/pod/build-pod';
import type { AttemptSpec } from '@chainr/executor/port';
import { Cluster } from '@chainr/testkit/cluster/cluster';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { untilFound } from '@chainr/testkit/until-found';
import { openEngine, type Engine } from './open-engine.js';
import { PodTimes } from './pod-times.js';
import { median, percentile, type Row } from './row.js';
import { chainOf, type Shape } from './shapes.js';

const podsAtOnce = 50;
const rounds = 5;
const chainLength = 20;
const graceMs = 5_000;
/** For all pods of a round. A cluster that takes longer cannot start them. */
const patienceMs = 10 * 60_000;

interface Place {
  credentials: Credentials;
  id: string;
  api: ApiClient;
  /** The path of the pods of its namespace. */
  pods: string;
  /** Removes pods. */
  cluster: Cluster;
}

/** Pods of the real cluster that KUBECONFIG names. */
export async function* measurePods(): AsyncGenerator<Row> {
  const place = await openPlace(testKubeconfig());
  try {
    const pairs: { runs: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      pairs.push({ bare: await barePods(place), runs: await oneJobRuns(place) });
    }
    const [runs, bare] = (['runs', 'bare'] as const).map((kind) => median(pairs.map((pair) => pair[kind])));
    yield {
      name: `${podsAtOnce} runs of one job`,
      figure: `${(runs ?? 0).toFixed(1)} s, ${(bare ?? 0).toFixed(1)} s for as many bare pods`,
      value: median(pairs.map((pair) => pair.runs / pair.bare)),
      unit: '×',
      target: { atMost: 1.1 },
    };
    const gaps = await chainGaps(place);
    yield {
      name: 'end of a pod to the next',
      figure: `chain of ${chainLength}; p90 ${percentile(gaps, 90).toFixed(0)} ms`,
      value: median(gaps),
      unit: 'ms',
      target: { atMost: 50 },
    };
  } finally {
    place.api.close();
  }
}

async function openPlace(kubeconfig: string): Promise<Place> {
  const credentials = await findCredentials(kubeconfig, process.env);
  const found = await findCluster(credentials, [credentials.namespace]);
  if ('absent' in found) throw new Error(found.absent);
  const pods = `/api/v1/namespaces/${credentials.namespace}/pods`;
  return { credentials, id: found.id, api: new ApiClient(credentials), pods, cluster: await Cluster.open(kubeconfig) };
}

/** Seconds from the first request to the end of the last pod, with the same pods and the same client. */
async function barePods({ api, pods, credentials, cluster }: Place): Promise<number> {
  const instance = randomUUID();
  const times = await PodTimes.start(api, pods, instance);
  const settings = { graceSeconds: graceMs / 1000, backstopSeconds: 3600 };
  const specs = Array.from({ length: podsAtOnce }, (_, at): AttemptSpec => {
    const step = { name: 'main', image: 'busybox', run: ':', env: {}, continueOnError: false };
    return { run: randomUUID(), job: `job-${at}`, attempt: 1, pipeline: '', steps: [step] };
  });
  try {
    const begun = performance.now();
    await Promise.all(
      specs.map((spec) => api.call('POST', pods, { body: buildPod(instance, credentials.namespace, spec, settings) })),
    );
    await times.untilEnded(podsAtOnce, patienceMs);
    return (performance.now() - begun) / 1000;
  } finally {
    times.stop();
    for (const spec of specs) await cluster.removePod(podName(instance, spec));
  }
}

/** Seconds from the first run's creation to the end of the last one. */
async function oneJobRuns(place: Place): Promise<number> {
  return withEngine(place, async (engine) => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: podsAtOnce }, () => createRun(engine, chainOf(1))));
    await untilRunsEnded(engine, podsAtOnce);
    return (performance.now() - begun) / 1000;
  });
}

/** From the end of each pod of a chain to the creation of the next, as a watch of its own sees them, in ms. */
async function chainGaps(place: Place): Promise<number[]> {
  return withEngine(place, async (engine, instance) => {
    const times = await PodTimes.start(place.api, place.pods, instance);
    try {
      await createRun(engine, chainOf(chainLength));
      await untilRunsEnded(engine, 1);
      await times.untilEnded(chainLength, patienceMs);
    } finally {
      times.stop();
    }
    return Array.from(
      { length: chainLength - 1 },
      (_, at) => times.createdAt(`job-${at + 1}`) - times.endedAt(`job-${at}`),
    );
  });
}

async function withEngine<T>(
  { credentials, id: clusterId }: Place,
  work: (engine: Engine, instance: string) => Promise<T>,
): Promise<T> {
  const instance = randomUUID();
  const open = () =>
    createKubernetesExecutor({
      credentials,
      clusterId,
      namespaces: [credentials.namespace],
      instance: () => instance,
      stopGraceMs: graceMs,
    });
  const engine = await openEngine({ capacity: 2 * podsAtOnce, executor: open(), removalGraceMs: 3_600_000 });
  try {
    return await work(engine, instance);
  } finally {
    await engine.stop();
    const last = open();
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
  let ended = 0;
  const look = async () => {
    const page = await store.events.readEvents(cursor, 1000);
    for (const event of page.events) {
      if (event.kind !== 'run.status' || !isFinalRun(event.status)) continue;
      if (event.status !== 'SUCCESSFUL') throw new Error(`run ${event.run} ended ${event.status}`);
      ended += 1;
    }
    cursor = page.cursor;
    return ended;
  };
  await untilFound(`the end of ${count} runs`, look, (seen) => seen >= count, { withinMs: patienceMs, everyMs: 20 });
}
