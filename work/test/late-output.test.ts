import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Outcome } from '@chainr/core/engine/outcome';
import type { RunUid } from '@chainr/core/engine/records';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { LogBatch } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { openWorker, type OpenWorker } from './open-worker.js';

/** How long a worker waits for the log of an ended attempt, again after each piece of it. */
const logEndMs = 1_000;
/** The pause between two pieces: far below the limit, but all pauses together are above it. */
const inTimeMs = 0.35 * logEndMs;
const texts = ['one', 'two', 'three', 'four', 'five'];

interface Delay {
  ms: number;
  count?: number;
}

interface Begun {
  outcome?: Outcome;
  /** From this piece on nothing comes any more, not even the end. */
  silentFrom?: number;
  delay?: Delay;
}

describe('output that comes after the end of its job', () => {
  let worker: OpenWorker | undefined;

  afterEach(async () => {
    await worker?.close();
    worker = undefined;
  });

  /** An ended attempt whose output comes piece by piece. */
  async function begin(
    betweenMs: number,
    { outcome = completed, silentFrom = texts.length + 1, delay }: Begun = {},
  ): Promise<{ run: RunUid; worker: OpenWorker }> {
    const executor = createFakeExecutor({ decide: () => ({ outcome }) });
    const logs = async function* (_: unknown, from: string, signal: AbortSignal): AsyncGenerator<LogBatch> {
      for (let piece = Number(from); piece <= texts.length; piece += 1) {
        if (piece === silentFrom) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        else await pause(betweenMs);
        const text = texts[piece];
        if (signal.aborted || text === undefined) return;
        const chunk = { time: 1, step: 'main', stream: 'stdout', bytes: Buffer.from(`${text}\n`) } as const;
        yield { chunks: [chunk], position: String(piece + 1) };
      }
    };
    const opened = await openWorker({ logEndMs }, { ...executor, logs });
    worker = opened;
    if (delay) delayAppends(opened, delay);
    const run = await opened.create(pipelineOf({ only: [] }));
    await opened.take(run);
    return { run, worker: opened };
  }

  async function expectClosed({ store }: OpenWorker, run: RunUid): Promise<void> {
    expect((await store.runs.listAttempts(run, 0))[0]?.phases).to.have.property('closedAt');
    expect(await store.logs.read(run, 0, 1, { offset: 0, maxBytes: 10_000 })).to.include({ ended: true });
  }

  const mark = 'The log is cut here: its end did not arrive within 1s.';

  for (const outcome of [completed, { reason: 'ExitCode', exitCode: 1 }, { reason: 'Lost' }] as const) {
    it(`is stored whole where each piece comes in time and all of them take longer: ${outcome.reason}`, async () => {
      const { run, worker } = await begin(inTimeMs, { outcome });
      await worker.untilIdle();
      expect(await worker.logOf(run, 0)).to.deep.equal(texts);
      await expectClosed(worker, run);
    });
  }

  it('is stored whole where each piece is stored in time and all of them take longer', async () => {
    const { run, worker } = await begin(0, { delay: { ms: inTimeMs } });
    await worker.untilIdle();
    expect(await worker.logOf(run, 0)).to.deep.equal(texts);
    await expectClosed(worker, run);
  });

  it('is stored whole where Redis keeps one piece waiting for longer', async () => {
    const { run, worker } = await begin(0, { delay: { ms: logEndMs * 2, count: 1 } });
    await worker.untilIdle();
    expect(await worker.logOf(run, 0)).to.deep.equal(texts);
    await expectClosed(worker, run);
  });

  for (const silentFrom of [0, 1, 3]) {
    it(`is cut with a mark when nothing more comes after ${String(silentFrom)} pieces`, async () => {
      const { run, worker } = await begin(inTimeMs, { silentFrom });
      await worker.untilIdle();
      expect(await worker.logOf(run, 0)).to.deep.equal([...texts.slice(0, silentFrom), mark]);
      await expectClosed(worker, run);
    });
  }
});

/** Delays the next `count` appends by `ms`. */
function delayAppends({ store: { transitions } }: OpenWorker, { ms, count = Infinity }: Delay): void {
  const append = transitions.appendLog.bind(transitions);
  let left = count;
  transitions.appendLog = async (...args) => {
    left -= 1;
    if (left >= 0) await pause(ms);
    return append(...args);
  };
}
