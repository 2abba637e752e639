import { routes } from '@chainr/core/api/contract/routes';
import { submit } from '@chainr/core/usecases/submit';
import type { SchedContext } from '../context.js';
import { readIdempotencyKey } from './read-idempotency-key.js';
import { readPipelineText } from '../pipelines/read-pipeline-text.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';
import { showMade } from './show-made.js';

/** A repeated key or external id returns its run as it is now. */
export function createRun(context: SchedContext) {
  return served(routes.createRun, async ({ query: { externalId }, request, response }) => {
    const key = readIdempotencyKey(request);
    const options = { ...(key && { key }), ...(externalId !== undefined && { externalId }) };
    const made = await submit(
      { ...context, isGone: () => response.destroyed },
      await readPipelineText(request),
      options,
    );
    if (!('uid' in made)) throw refusalError(made);
    const run = await showMade(context.store, made);
    sendJson(response, routes.createRun.success.status, run, { Location: run.metadata.selfLink });
  });
}
