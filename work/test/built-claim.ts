import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import type { Lease } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import type { OpenWorker } from './open-worker.js';

/** The first job of a new run, claimed for the worker's executor. */
export async function builtClaim(
  worker: OpenWorker,
  owner: string,
  pipeline: Pipeline = pipelineOf({ only: [] }),
): Promise<Lease> {
  const { store, context } = worker;
  const run = await worker.create(pipeline);
  const by = { owner, executor: context.executorNumber(), ttlMs: 6_000 };
  const claimed = await store.transitions.claim({ run, index: 0, attempt: 1 }, by);
  if (typeof claimed === 'string') throw new Error(`the claim was refused: ${claimed}`);
  return claimed.lease;
}
