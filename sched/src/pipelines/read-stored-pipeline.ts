import { ApiError } from '@chainr/core/api/contract/errors';
import type { RunUid } from '@chainr/core/engine/records';
import type { PackedPipeline } from '@chainr/core/store/runs/pack-pipeline';
import type { Source } from '@chainr/core/store/runs/source';
import type { SchedContext } from '../context.js';

/**
 * The pipeline of a run, as text and as it is understood.
 *
 * @throws ApiError NotFound; Conflict if this version would not accept it any more
 */
export async function readStoredPipeline(
  { store, pipelines }: Pick<SchedContext, 'store' | 'pipelines'>,
  uid: RunUid,
): Promise<{ pipeline: PackedPipeline; source: Source }> {
  const source = await store.runs.getSource(uid);
  if (!source) throw new ApiError('NotFound', `There is no run ${JSON.stringify(uid)}.`);
  const read = await pipelines.read({ ...source, warn: false });
  if (read.kind === 'ready') return { pipeline: read.pipeline, source };
  throw new ApiError('Conflict', 'This version of chainr no longer accepts the pipeline of the run.', {
    details: read.mistakes,
  });
}
