import { routes } from '@chainr/core/api/routes';
import type { PipelineCheck } from '@chainr/core/api/run-resource';
import type { SchedContext } from './context.js';
import { readPipeline } from './read-pipeline.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

/** Answers a wrong pipeline exactly as `createRun` would, and stores nothing. */
export function validatePipeline({ pipelines }: SchedContext) {
  return served(routes.validatePipeline, async ({ request, response }) => {
    const { pipeline, warnings } = await readPipeline(pipelines, request, { warn: true });
    const check: PipelineCheck = { kind: 'PipelineCheck', valid: true, jobs: pipeline.jobNames.length, warnings };
    sendJson(response, 200, check);
  });
}
