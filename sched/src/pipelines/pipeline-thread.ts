import { parentPort } from 'node:worker_threads';
import { transferablesOf } from '@chainr/core/store/runs/pack-pipeline';
import { preparePipeline, type PipelineText } from '@chainr/core/usecases/prepare-pipeline';

/**
 * Runs in the thread of `PipelineReader`, one pipeline after the other. An error ends the thread and is reported there.
 */
parentPort?.on('message', (sent: PipelineText) => {
  const preparation = preparePipeline(sent);
  const handedOver = preparation.kind === 'ready' ? transferablesOf(preparation.pipeline) : [];
  parentPort?.postMessage(preparation, handedOver);
});
