import type { Deletion } from '@chainr/core/api/contract/bulk-resource';
import { routes } from '@chainr/core/api/contract/routes';
import { deleteEnded } from '@chainr/core/usecases/delete';
import type { SchedContext } from '../context.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function deleteRun({ store }: SchedContext) {
  return served(routes.deleteRun, async ({ params: { uid }, response }) => {
    const reply = await deleteEnded(store, uid);
    if (reply.kind !== 'deleted') throw refusalError(reply);
    const deletion: Deletion = { kind: 'Deletion', run: uid };
    sendJson(response, 200, deletion);
  });
}
