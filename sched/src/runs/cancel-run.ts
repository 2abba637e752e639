import { parseBody } from '@chainr/core/api/server/parse-body';
import { emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { cancel } from '@chainr/core/usecases/cancel';
import type { SchedContext } from '../context.js';
import { showRun } from './find-run.js';
import { readBody } from '../http/read-body.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function cancelRun({ store }: SchedContext) {
  return served(routes.cancelRun, async ({ params: { uid }, request, response }) => {
    parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
    const reply = await cancel(store, uid);
    if (reply.kind === 'no-run') throw refusalError(reply);
    sendJson(response, 200, await showRun(store, uid));
  });
}
