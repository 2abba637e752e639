import { routes } from '@chainr/core/api/routes';
import type { PipelineCheck } from '@chainr/core/api/run-resource';
import { findWarnings } from '@chainr/core/model/find-warnings';
import { readPipeline } from './read-pipeline.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

/** Answers a wrong pipeline exactly as `createRun` would, and stores nothing. */
export function validatePipeline() {
  return served(routes.validatePipeline, async ({ request, response }) => {
    const { pipeline } = await readPipeline(request);
    const warnings = findWarnings(pipeline);
    const check: PipelineCheck = { kind: 'PipelineCheck', valid: true, jobs: pipeline.jobs.length, warnings };
    sendJson(response, 200, check);
  });
}
