import { within } from '@chainr/core/async/within';
import type { LogBatch, Position } from '@chainr/executor/port';
import type { Mask } from './mask.js';
import { OutputMask } from './output-mask.js';

/** A secret written in two parts is usually written faster than this, and a prompt must not be held back longer. */
const heldMs = 250;

/**
 * The output of an attempt with its secrets hidden, batch by batch. The position of a yielded batch is one of the
 * executor's and covers everything before it: bytes that are held back do not count as delivered.
 * @param read the output from a position, as an executor does; an abort of the signal ends it quietly
 */
export function maskOutput(
  mask: Mask,
  from: Position,
  read: (signal: AbortSignal) => AsyncIterable<LogBatch>,
  signal: AbortSignal,
): AsyncIterable<LogBatch> {
  return mask.isEmpty ? read(signal) : maskBatches(new OutputMask(mask, from === ''), read, signal);
}

async function* maskBatches(
  output: OutputMask,
  read: (signal: AbortSignal) => AsyncIterable<LogBatch>,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void> {
  const leaving = new AbortController();
  const batches = read(AbortSignal.any([signal, leaving.signal]))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next: Promise<IteratorResult<LogBatch, unknown>> = batches.next();
      const isLate = output.holds && (await isLater(next));
      const late = isLate ? output.cover() : undefined;
      if (late) yield late;
      const result = await next;
      if (result.done === true) break;
      const ready = output.add(result.value);
      if (ready) yield ready;
    }
    const rest = signal.aborted ? undefined : output.rest();
    if (rest) yield rest;
  } finally {
    // The consumer may leave while the next batch is being read.
    leaving.abort();
    await batches.return?.();
  }
}

/** Whether a promise takes longer than output may be held back. The caller handles its rejection. */
function isLater(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return within(heldMs, settled, () => true);
}
