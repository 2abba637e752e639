import { jobsShown } from '@chainr/core/api/contract/route-parts';
import { routes } from '@chainr/core/api/contract/routes';
import type { RunList } from '@chainr/core/api/contract/run-resource';
import { list } from '@chainr/core/usecases/list';
import type { SchedContext } from '../context.js';
import { presentRun } from './present-run.js';
import { readFilter } from './read-filter.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function listRuns({ store }: SchedContext) {
  return served(routes.listRuns, async ({ query, request, response }) => {
    const { limit, cursor } = query;
    const filter = await readFilter(store, query);
    const asked = { filter, limit, ...(cursor === undefined ? {} : { before: cursor }) };
    const { runs, next, total, counts } = await list(store, asked, jobsShown.inLists);
    const answer: RunList = {
      kind: 'RunList',
      metadata: {
        selfLink: request.originalUrl,
        ...(next === undefined ? {} : { next: String(next) }),
        counts,
        ...(total === undefined ? {} : { total }),
      },
      items: runs.map(({ run, jobs }) => presentRun(run, jobs)),
    };
    sendJson(response, 200, answer);
  });
}
