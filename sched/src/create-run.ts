import { ApiError } from '@chainr/core/api/errors';
import { routes } from '@chainr/core/api/routes';
import { StoreFull } from '@chainr/core/store/errors';
import type { SchedContext } from './context.js';
import { showRun } from './find-run.js';
import { hashBody, readIdempotencyKey } from './read-idempotency-key.js';
import { readPipeline } from './read-pipeline.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

/** Checks the pipeline, stores the run, answers with it. A key that was used before answers with its run as it is now. */
export function createRun({ store, executorKind }: SchedContext) {
  return served(routes.createRun, async ({ request, response }) => {
    const key = readIdempotencyKey(request);
    const { pipeline, contentType, text, body } = await readPipeline(request);
    const stored = await unlessFull(
      store.runs.createRun({
        pipeline,
        source: { contentType, text },
        executorKind,
        ...(key === undefined ? {} : { idempotency: { ...key, bodyHash: hashBody(body) } }),
      }),
    );
    if (stored.kind === 'conflict') {
      throw new ApiError('Conflict', 'This Idempotency-Key was used with another body; use a new key for a new run.');
    }
    const run = await showRun(store, stored.uid, pipeline.jobs.length);
    sendJson(response, routes.createRun.success.status, run, { Location: run.metadata.selfLink });
  });
}

async function unlessFull<T>(storing: Promise<T>): Promise<T> {
  try {
    return await storing;
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    const headers = { 'Retry-After': '30' };
    throw new ApiError(
      'StoreFull',
      'Redis has no room for a new run; give it more memory, or wait until old runs are gone.',
      { headers, cause: error },
    );
  }
}
