import type { PipelineText } from '@chainr/core/api/client/client';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import type { Mistake } from '@chainr/core/pipeline/mistakes';
import { parsePipelineText } from '@chainr/core/pipeline/reading/parse-pipeline';
import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import { PipelineSyntaxError } from '@chainr/core/pipeline/reading/syntax-error';

/** Checks a pipeline as the server does. */
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
