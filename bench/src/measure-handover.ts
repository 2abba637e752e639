import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { openEngine } from './open-engine.js';
import { percentile, type Row } from './row.js';
import { chainOf } from './shapes.js';

const pairs = 1_000;
const askEveryMs = 100;

/**
 * The time from the end of a job to the start of its dependent, for processes on an idle machine, by the times of the
 * files in which the supervisors record both.
 */
export async function* measureHandover(): AsyncGenerator<Row> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-bench-'));
  const engine = await openEngine({ executor: createProcessExecutor({ folder, instance: 'bench' }) });
  try {
    const { pipeline, text } = chainOf(pairs + 1);
    const source = { contentType: 'application/json', text };
    const created = await engine.store.runs.createRun({ pipeline, source, defaultPool: 'process' });
    if (created.kind !== 'created') throw new Error(`the run was not created: ${created.kind}`);
    while ((await engine.store.pools.listLive()).length > 0) await pause(askEveryMs);
    const fileOf = (job: number, file: string) => path.join(folder, 'attempts', created.uid, `job-${job}`, '1', file);
    const changedMs = (file: string) => Number(statSync(file, { bigint: true }).mtimeNs) / 1e6;
    const gaps = Array.from(
      { length: pairs },
      (_, job) => changedMs(fileOf(job + 1, 'started')) - changedMs(fileOf(job, 'exit')),
    );
    const [half, most] = [percentile(gaps, 50), percentile(gaps, 99)];
    const figure = `${pairs} pairs, processes, idle`;
    yield { name: 'end to start, p50', figure, value: half, unit: 'ms', target: { atMost: 5 } };
    yield { name: 'end to start, p99', figure, value: most, unit: 'ms', target: { atMost: 20 } };
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
