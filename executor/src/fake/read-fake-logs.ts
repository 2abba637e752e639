import type { AttemptSpec, LogBatch, Position } from '../port.js';
import type { FakeAttempt } from './fake-world.js';

const nothing: AsyncIterator<LogBatch> = { next: () => Promise.resolve({ done: true, value: undefined }) };
const noLogs: AsyncIterable<LogBatch> = { [Symbol.asyncIterator]: () => nothing };

/** The lines of a fake attempt in one batch, then its end. The position is the number of lines read. */
export function readFakeLogs(
  attempt: FakeAttempt | undefined,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncIterable<LogBatch> {
  if (!attempt || (attempt.outcome && attempt.lines.length === 0)) return noLogs;
  return linesThenEnd(attempt, spec, from, signal);
}

async function* linesThenEnd(
  attempt: FakeAttempt,
  spec: AttemptSpec,
  from: Position,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void, void> {
  const chunks = attempt.lines.slice(Number(from)).map(({ text, step, stream = 'stdout' }) => ({
    time: Date.now(),
    step: step ?? spec.steps[0]?.name ?? 'main',
    stream,
    bytes: Buffer.from(`${text}\n`),
  }));
  if (chunks.length > 0 && !signal.aborted) yield { chunks, position: String(attempt.lines.length) };
  if (attempt.outcome || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      signal.removeEventListener('abort', settle);
      attempt.waiters.delete(settle);
      resolve();
    };
    signal.addEventListener('abort', settle);
    attempt.waiters.add(settle);
  });
}
