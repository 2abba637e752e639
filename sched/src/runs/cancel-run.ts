import { ApiError } from '@chainr/core/api/contract/errors';
import { parseBody } from '@chainr/core/api/server/parse-body';
import { emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { showRun } from './find-run.js';
import { readBody } from '../http/read-body.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** Records the request (see Cancels and stops). Workers stop the attempts that they hold. */
export function cancelRun({ store }: SchedContext) {
  return served(routes.cancelRun, async ({ params: { uid }, request, response }) => {
    parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
    const reply = await store.transitions.cancel(uid);
    if (reply === 'gone') throw new ApiError('NotFound', `There is no run ${JSON.stringify(uid)}.`);
    sendJson(response, 200, await showRun(store, uid));
  });
}
