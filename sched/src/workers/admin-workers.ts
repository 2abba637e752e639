import { ApiError } from '@chainr/core/api/contract/errors';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import { parseBody } from '@chainr/core/api/server/parse-body';
import { emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import type { WorkerList } from '@chainr/core/api/contract/worker-resource';
import type { Store } from '@chainr/core/store/store';
import type { SchedContext } from '../context.js';
import { readBody } from '../http/read-body.js';
import { sendJson } from '../http/send-json.js';
import { served, type ServedRoute } from '../http/serve-routes.js';

/** Routes for workers: list, drain, pause. Every answer shows the resulting state. */
export function adminWorkers({ store }: SchedContext): ServedRoute[] {
  return [
    served(routes.listWorkers, async ({ response }) => {
      sendJson(response, 200, await listWorkers(store));
    }),
    served(routes.drainWorker, async ({ params, request, response }) => {
      parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
      sendJson(response, 200, await drain(store, params.worker, true));
    }),
    served(routes.undrainWorker, async ({ params, response }) => {
      sendJson(response, 200, await drain(store, params.worker, false));
    }),
    served(routes.pause, async ({ request, response }) => {
      parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
      await store.workers.pause(true);
      sendJson(response, 200, await listWorkers(store));
    }),
    served(routes.resume, async ({ request, response }) => {
      parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
      await store.workers.pause(false);
      sendJson(response, 200, await listWorkers(store));
    }),
  ];
}

async function drain(store: Store, worker: string, draining: boolean): Promise<WorkerList> {
  const workers = await store.workers.list();
  if (!workers.some(({ id }) => id === worker)) {
    const known = workers.map(({ id }) => id).join(', ');
    const there = known === '' ? 'there are no workers right now.' : `the workers are ${known}.`;
    throw new ApiError('NotFound', `There is no worker ${JSON.stringify(worker)}; ${there}`);
  }
  await store.workers.drain(worker, draining);
  return listWorkers(store);
}

async function listWorkers(store: Store): Promise<WorkerList> {
  const [workers, paused] = await Promise.all([store.workers.list(), store.workers.isPaused()]);
  return {
    kind: 'WorkerList',
    metadata: { selfLink: routes.listWorkers.path },
    paused,
    items: workers.map(({ seenAt, ...worker }) => ({ ...worker, seenAt: isoTime(seenAt) })),
  };
}
