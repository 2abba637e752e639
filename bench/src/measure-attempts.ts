import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import type { AttemptSpec, Executor } from '@chainr/executor/port';
import { median, type Row } from './row.js';

const places = 8;
const attempts = 38 * places;
const allow = (): void => undefined;

/** The cost of an attempt on the process executor that prints one line, without an engine. */
export async function* measureAttempts(): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'chainr-bench-'));
  const executor = createProcessExecutor({ folder, instance: 'bench' });
  try {
    for (let warm = 0; warm < 20; warm += 1) await runOne(executor);
    const times: number[] = [];
    const own = process.cpuUsage();
    for (let done = 0; done < attempts; done += 1) {
      const begun = performance.now();
      await runOne(executor);
      times.push(performance.now() - begun);
    }
    const { user, system } = process.cpuUsage(own);
    const nodeMs = (user + system) / 1000 / attempts;
    yield row('one after the other', `${nodeMs.toFixed(2)} ms of Node's CPU each`, median(times), 'ms');

    // The shells have no parent when they end, so only the machine knows their CPU time.
    const [busyBefore, begun] = [busyMs(), performance.now()];
    const lanes = Array.from({ length: places }, async () => {
      for (let done = 0; done < attempts / places; done += 1) await runOne(executor);
    });
    await Promise.all(lanes);
    const ms = (busyMs() - busyBefore) / attempts;
    const perSecond = (attempts / (performance.now() - begun)) * 1000;
    yield row(`${places} at once`, `${ms.toFixed(1)} ms of the machine's CPU each, all it did`, perSecond, '/s');
  } finally {
    await executor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const row = (name: string, figure: string, value: number, unit: Row['unit']): Row => ({ name, figure, value, unit });

async function runOne(executor: Executor): Promise<void> {
  const step = { name: 'main', image: '', run: 'echo done', env: {}, continueOnError: false };
  const spec: AttemptSpec = { run: randomUUID(), job: 'job', attempt: 1, pipeline: '', steps: [step] };
  await executor.ensure(spec, allow);
  const { signal } = new AbortController();
  const read = (async () => {
    for await (const { chunks } of executor.logs(spec, '', signal)) if (chunks.length === 0) return;
  })();
  await executor.observe(spec, allow, signal);
  await read;
}

/** User and system time of all processors since boot, in milliseconds. */
function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
