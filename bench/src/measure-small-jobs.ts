import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { startConstellation } from '@chainr/testkit/constellation';
import { untilFinal } from '@chainr/testkit/waits';
import { loadDag } from './load-dag.js';
import { median, type Row } from './row.js';

const places = 8;
const copies = 13;
const rounds = 3;
const script = 'date; sleep 0.02; date';

/**
 * Small real jobs: 13 montage DAGs in one run, each task two short programs and 20 ms of sleep, on the process executor with
 * 8 places and every service in one process; against `xargs -P 8`, which knows no dependencies and keeps each output in a
 * file too.
 */
export async function* measureSmallJobs(): AsyncGenerator<Row> {
  const { tasks } = await loadDag('montage-103');
  const jobs = Object.fromEntries(
    Array.from({ length: copies }, (_, copy) =>
      tasks.map(({ id, parents }) => {
        const dependsOn = parents.map((parent) => `${parent}-${String(copy)}`);
        return [`${id}-${String(copy)}`, { image: 'busybox', run: script, dependsOn }] as const;
      }),
    ).flat(),
  );
  const count = tasks.length * copies;
  const text = JSON.stringify({ kind: 'Pipeline', jobs });
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await secondsOfXargs(count));
    ours.push(await secondsOfRun(text));
  }
  const ratios = ours.map((seconds, round) => seconds / (theirs[round] ?? Number.NaN));
  const figure = `${median(ours).toFixed(1)} s, xargs -P ${String(places)} ${median(theirs).toFixed(1)} s`;
  yield {
    name: `${String(count)} tasks of montage`,
    figure,
    value: median(ratios),
    unit: '×',
    target: { atMost: 1.5 },
  };
}

async function secondsOfXargs(count: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'chainr-bench-'));
  const command = `seq ${String(count)} | xargs -P ${String(places)} -I{} sh -c '{ ${script}; } > {}'`;
  const begun = performance.now();
  const child = spawn('sh', ['-c', command], { cwd: folder, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  const seconds = (performance.now() - begun) / 1000;
  await rm(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`xargs ended with ${String(code)}`);
  return seconds;
}

async function secondsOfRun(text: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'chainr-bench-'));
  const executor = createProcessExecutor({ folder, instance: 'bench' });
  const chainr = await startConstellation({ executor, work: { capacity: places } });
  try {
    const begun = performance.now();
    const { metadata } = await chainr.client.createRun({ text, contentType: 'application/json' });
    await untilFinal(chainr.store.events, metadata.uid);
    const seconds = (performance.now() - begun) / 1000;
    const { status } = await chainr.client.getRun(metadata.uid);
    if (status !== 'SUCCESSFUL') throw new Error(`the run ended ${status}`);
    return seconds;
  } finally {
    await chainr.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
