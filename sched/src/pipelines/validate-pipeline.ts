import { routes } from '@chainr/core/api/contract/routes';
import type { PipelineCheck } from '@chainr/core/api/contract/run-resource';
import { meetDemands } from '@chainr/core/usecases/meet-demands';
import { describeMistakes } from '@chainr/core/usecases/prepare-pipeline';
import type { SchedContext } from '../context.js';
import { readPipelineText } from './read-pipeline-text.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** Answers an invalid pipeline exactly as `createRun` would, and stores nothing. */
export function validatePipeline({ pipelines, store, defaultPool }: SchedContext) {
  return served(routes.validatePipeline, async ({ request, response }) => {
    const read = await pipelines.read({ ...(await readPipelineText(request)), warn: true });
    if (read.kind === 'refused') throw refusalError({ ...read, kind: 'invalid-pipeline' });
    const { mistakes, warnings } = await meetDemands(store, read.demands, defaultPool);
    if (mistakes.length > 0) {
      throw refusalError({ kind: 'invalid-pipeline', message: describeMistakes(mistakes), mistakes });
    }
    const { pipeline } = read;
    const check: PipelineCheck = {
      kind: 'PipelineCheck',
      valid: true,
      jobs: pipeline.jobNames.length,
      warnings: [...read.warnings, ...warnings],
    };
    sendJson(response, 200, check);
  });
}
