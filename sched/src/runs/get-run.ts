import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { showRun } from './find-run.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function getRun({ store }: SchedContext) {
  return served(routes.getRun, async ({ params, response }) => {
    sendJson(response, 200, await showRun(store, params.uid));
  });
}
