import type { PipelineText } from '@chainr/core/api/client';
import { checkPipeline } from '@chainr/core/model/check-pipeline';
import type { Mistake } from '@chainr/core/model/mistakes';
import { parsePipelineText } from '@chainr/core/model/parse-pipeline';
import type { Pipeline } from '@chainr/core/model/pipeline';
import { PipelineSyntaxError } from '@chainr/core/model/syntax-error';

/** Says what is wrong with a pipeline, as the server would. */
export function checkPipelineText({
  text,
  contentType,
}: PipelineText): { pipeline: Pipeline } | { mistakes: Mistake[] } {
  try {
    return checkPipeline(parsePipelineText(text, contentType));
  } catch (error) {
    if (!(error instanceof PipelineSyntaxError)) throw error;
    return { mistakes: [{ path: '', message: error.message }] };
  }
}
