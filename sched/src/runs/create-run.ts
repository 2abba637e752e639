import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { hashBody, readIdempotencyKey } from './read-idempotency-key.js';
import { readPipeline } from '../pipelines/read-pipeline.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';
import { showMade, storeRun } from './store-run.js';

/** Checks the pipeline, stores the run and returns it. A repeated key returns its run as it is now. */
export function createRun({ store, pipelines, executorKind }: SchedContext) {
  return served(routes.createRun, async ({ request, response }) => {
    const key = readIdempotencyKey(request);
    const { pipeline, contentType, text, body } = await readPipeline(pipelines, request);
    const uid = await storeRun(store, {
      pipeline,
      source: { contentType, text },
      executorKind,
      ...(key === undefined ? {} : { idempotency: { ...key, bodyHash: hashBody(body) } }),
    });
    const run = await showMade(store, uid, pipeline.jobNames.length);
    sendJson(response, routes.createRun.success.status, run, { Location: run.metadata.selfLink });
  });
}
