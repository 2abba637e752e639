import { parentPort } from 'node:worker_threads';
import type { PipelineText } from '@chainr/core/usecases/prepare-pipeline';

/** A thread that fails as the first word of its input says, or answers with a refusal. */
parentPort?.on('message', ({ text }: PipelineText) => {
  if (text.startsWith('throw')) throw new Error('on purpose');
  if (text.startsWith('exit')) process.exit(3);
  if (text.startsWith('memory')) for (const kept: unknown[] = []; ;) kept.push(Array(100_000).fill(kept.length));
  if (text.startsWith('endless')) for (;;);
  parentPort?.postMessage({ kind: 'refused', message: 'answered', mistakes: [] });
});
