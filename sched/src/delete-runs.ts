import { routes } from '@chainr/core/api/routes';
import { isFinalRun } from '@chainr/core/model/states';
import { bulk, type BulkVerb } from './bulk.js';
import type { SchedContext } from './context.js';
import { keptLive, whyKept } from './delete-run.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

export function deleteRuns(context: SchedContext) {
  const deleting: BulkVerb = {
    refuse: ({ status }) => (isFinalRun(status) ? undefined : keptLive(status)),
    act: async ({ uid }) => whyKept(await context.store.runs.deleteRun(uid)),
  };
  return served(routes.deleteRuns, async ({ query, response }) => {
    sendJson(response, 200, await bulk(context, query, deleting));
  });
}
