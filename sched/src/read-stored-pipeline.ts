import { ApiError } from '@chainr/core/api/errors';
import { checkPipeline } from '@chainr/core/model/check-pipeline';
import { parsePipelineText } from '@chainr/core/model/parse-pipeline';
import type { Pipeline } from '@chainr/core/model/pipeline';
import type { RunUid } from '@chainr/core/model/records';
import type { Source } from '@chainr/core/store/source';
import type { Store } from '@chainr/core/store/store';

/**
 * The pipeline of a run, as text and as it is understood.
 *
 * @throws ApiError NotFound; Conflict where this version would not accept it any more
 */
export async function readStoredPipeline(store: Store, uid: RunUid): Promise<{ pipeline: Pipeline; source: Source }> {
  const source = await store.runs.getSource(uid);
  if (!source) throw new ApiError('NotFound', `There is no run ${JSON.stringify(uid)}.`);
  const checked = checkPipeline(parsePipelineText(source.text.replace(/^\uFEFF/, ''), source.contentType));
  if ('pipeline' in checked) return { pipeline: checked.pipeline, source };
  const details = checked.mistakes;
  throw new ApiError('Conflict', 'This version of chainr does not accept the pipeline of the run any more.', {
    details,
  });
}
