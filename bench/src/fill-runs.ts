import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import type { RunUid } from '@chainr/core/engine/records';
import { logPartBytes, type AttemptId } from '@chainr/core/store/redis/keys';
import { driveRun } from '@chainr/testkit/drive-run';
import type { OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { chainOf } from './shapes.js';

export const names: readonly string[] = Array.from(
  { length: 400 },
  (_, at) => `pipeline-${String(at).padStart(3, '0')}`,
);

const single = chainOf(1).pipeline;
/** The newest runs are left unfinished. */
const live = 500;
const atOnce = 128;
const largeJobs = 10_000;
const largeLogParts = 64;
const line = 'hello\n';

/** Stores as many runs as long use would leave, with names, labels and logs, and ends all but the newest. */
export async function fillRuns(open: OpenStore, count: number): Promise<void> {
  const executor = await open.store.executors.register('fake:bench', 'fake');
  await driveRun(open, await open.create(wide(largeJobs)), { executor });
  await endWithLargeLog(open, executor);
  let next = 2;
  const fill = async () => {
    while (next < count) {
      const at = next;
      next += 1;
      const run = await open.create(pipelineAt(at));
      open.inbox.take(run);
      if (at < count - live) await end(open, { run, index: 0, attempt: 1 }, executor, at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, fill));
}

function pipelineAt(at: number): Pipeline {
  const labels = {
    team: String(at % 10),
    ...(at % 3 === 0 ? { tier: '1' } : {}),
    ...(at % 10_000 === 0 ? { rare: '' } : {}),
  };
  return { ...single, metadata: { name: names[at % names.length] ?? '', labels } };
}

function wide(jobs: number): Pipeline {
  const [job] = single.jobs;
  if (!job) throw new Error('a chain of one has one job');
  return { ...single, jobs: Array.from({ length: jobs }, (_, at) => ({ ...job, name: `job-${String(at)}` })) };
}

/** One run in twenty fails, one in ten has a log. */
async function end({ store }: OpenStore, id: AttemptId, executor: number, at: number): Promise<void> {
  const claimed = await store.transitions.claim(id, { owner: 'bench', executor, ttlMs: 600_000 });
  if (typeof claimed === 'string') throw new Error(`a claim was refused: ${claimed}`);
  const { lease } = claimed;
  if (at % 10 === 0)
    await store.transitions.appendLog(lease, { length: 0, bytes: Buffer.from(line), position: '1', end: true });
  const failed = at % 20 === 0;
  const outcome = failed ? ({ reason: 'ExitCode', exitCode: 1 } as const) : completed;
  await store.transitions.finish(lease, outcome, {}, { closeGraceMs: 1_000 });
}

async function endWithLargeLog(open: OpenStore, executor: number): Promise<void> {
  const run: RunUid = await open.create(single);
  const claimed = await open.store.transitions.claim(
    { run, index: 0, attempt: 1 },
    { owner: 'bench', executor, ttlMs: 600_000 },
  );
  if (typeof claimed === 'string') throw new Error(`a claim was refused: ${claimed}`);
  const bytes = Buffer.alloc(logPartBytes, line);
  for (let part = 0; part < largeLogParts; part += 1) {
    const entry = { length: part * logPartBytes, bytes, position: String(part + 1), end: part === largeLogParts - 1 };
    await open.store.transitions.appendLog(claimed.lease, entry);
  }
  await open.store.transitions.finish(claimed.lease, completed, {}, { closeGraceMs: 1_000 });
}
