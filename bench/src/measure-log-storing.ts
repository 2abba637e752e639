import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { openEngine, type Engine } from './open-engine.js';
import { median, type Row } from './row.js';

const rounds = 5;
const lines = 2_000_000;
const askEveryMs = 20;

/** The cost for a worker of a job's output on the process executor: from the segments to Redis. */
export async function* measureLogStoring(): AsyncGenerator<Row> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-bench-'));
  const engine = await openEngine({ executor: createProcessExecutor({ folder, instance: 'bench' }) });
  try {
    await storeLog(engine); // Warms up.
    const stored: { cpu: number; seconds: number }[] = [];
    for (let round = 0; round < rounds; round += 1) stored.push(await storeLog(engine));
    const took = median(stored.map(({ seconds }) => seconds));
    const figure = `seq 1 ${lines.toLocaleString('en')}: stored in ${took.toFixed(1)} s; CPU of the worker's Node`;
    yield {
      name: 'lines stored per CPU second',
      figure,
      value: lines / median(stored.map(({ cpu }) => cpu)),
      unit: '/s',
    };
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns seconds of this process' CPU, and of time, from the creation of the run to the end mark of its log */
async function storeLog({ store }: Engine): Promise<{ cpu: number; seconds: number }> {
  const written = { kind: 'Pipeline', jobs: { talks: { image: 'busybox', run: `seq 1 ${String(lines)}` } } };
  const checked = checkPipeline(written);
  if ('mistakes' in checked) throw new Error('the pipeline has mistakes');
  const source = { contentType: 'application/json', text: JSON.stringify(written) };
  const [before, startedAt] = [process.cpuUsage(), performance.now()];
  const made = await store.runs.createRun({ pipeline: checked.pipeline, source, defaultPool: 'process' });
  if (made.kind !== 'created') throw new Error(`a run was not created: ${made.kind}`);
  const where = { offset: 0, exact: true };
  for (;;) {
    const end = await store.logs.measure(made.uid, 0, 1, where);
    if (end?.ended) {
      const least = Buffer.byteLength(String(lines)) * lines * 0.9;
      if (end.nextOffset < least)
        throw new Error(`${String(end.nextOffset)} bytes were stored of ${String(lines)} lines`);
      break;
    }
    await pause(askEveryMs);
  }
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, seconds: (performance.now() - startedAt) / 1000 };
}
