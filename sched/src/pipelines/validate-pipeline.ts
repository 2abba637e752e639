import { routes } from '@chainr/core/api/contract/routes';
import type { PipelineCheck } from '@chainr/core/api/contract/run-resource';
import type { SchedContext } from '../context.js';
import { readPipelineText } from './read-pipeline-text.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** Answers an invalid pipeline exactly as `createRun` would, and stores nothing. */
export function validatePipeline({ pipelines }: SchedContext) {
  return served(routes.validatePipeline, async ({ request, response }) => {
    const read = await pipelines.read({ ...(await readPipelineText(request)), warn: true });
    if (read.kind === 'refused') throw refusalError({ ...read, kind: 'invalid-pipeline' });
    const { pipeline, warnings } = read;
    const check: PipelineCheck = { kind: 'PipelineCheck', valid: true, jobs: pipeline.jobNames.length, warnings };
    sendJson(response, 200, check);
  });
}
