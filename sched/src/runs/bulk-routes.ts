import { parseBody } from '@chainr/core/api/server/parse-body';
import { bulkRerunRequestSchema, emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { isFinalRun } from '@chainr/core/engine/states';
import { cancel } from '@chainr/core/usecases/cancel';
import { deleteEnded, whyLiveStays } from '@chainr/core/usecases/delete';
import { rerun } from '@chainr/core/usecases/rerun';
import { bulk } from './bulk.js';
import type { SchedContext } from '../context.js';
import { readBody } from '../http/read-body.js';
import { readIdempotencyKey } from './read-idempotency-key.js';
import { sendJson } from '../http/send-json.js';
import { served, type ServedRoute } from '../http/serve-routes.js';

/** Reruns at once: each holds its whole compiled pipeline in memory. */
const rerunsAtOnce = 4;

/** Operations on all runs that a filter selects. */
export function bulkRoutes(context: SchedContext): ServedRoute[] {
  const { store } = context;
  return [
    served(routes.cancelRuns, async ({ query, request, response }) => {
      parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
      const result = await bulk(context, query, {
        refuse: ({ status }) => (isFinalRun(status) ? `The run is ${status} already.` : undefined),
        act: async ({ uid }) => {
          await cancel(store, uid); // One that is gone by now needs none.
          return undefined;
        },
      });
      sendJson(response, 200, result);
    }),
    served(routes.rerunRuns, async ({ query, request, response }) => {
      const key = readIdempotencyKey(request);
      const { from } = parseBody(await readBody(request, smallBodyBytes), bulkRerunRequestSchema);
      const result = await bulk(context, query, {
        atOnce: rerunsAtOnce,
        refuse: ({ status }) => (isFinalRun(status) ? undefined : `The run is ${status}: it has not ended.`),
        act: async ({ uid }) => {
          const made = await rerun(context, uid, from, key && { scope: key.scope, key: `${key.key} ${uid}` });
          return 'uid' in made ? { made: made.uid } : made.message;
        },
      });
      sendJson(response, 200, result);
    }),
    served(routes.deleteRuns, async ({ query, response }) => {
      const result = await bulk(context, query, {
        refuse: ({ status }) => (isFinalRun(status) ? undefined : whyLiveStays(status)),
        act: async ({ uid }) => {
          const reply = await deleteEnded(store, uid);
          // One that is gone by now needs no deletion.
          return reply.kind === 'deleted' || reply.kind === 'no-run' ? undefined : reply.message;
        },
      });
      sendJson(response, 200, result);
    }),
  ];
}
