import { parseBody } from '@chainr/core/api/server/parse-body';
import { rerunRequestSchema, namesBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { rerun } from '@chainr/core/usecases/rerun';
import type { SchedContext } from '../context.js';
import { readIdempotencyKey } from './read-idempotency-key.js';
import { readBody } from '../http/read-body.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';
import { showMade } from './show-made.js';

export function rerunRun(context: SchedContext) {
  return served(routes.rerunRun, async ({ params: { uid }, request, response }) => {
    const key = readIdempotencyKey(request);
    const { from } = parseBody(await readBody(request, namesBodyBytes), rerunRequestSchema);
    const made = await rerun(context, uid, from, key);
    if (!('uid' in made)) throw refusalError(made);
    const run = await showMade(context.store, made);
    sendJson(response, routes.rerunRun.success.status, run, { Location: run.metadata.selfLink });
  });
}
