import { routes } from '@chainr/core/api/routes';
import type { SchedContext } from './context.js';
import { showRun } from './find-run.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

export function getRun({ store }: SchedContext) {
  return served(routes.getRun, async ({ params, response }) => {
    sendJson(response, 200, await showRun(store, params.uid));
  });
}
