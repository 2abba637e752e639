import { jobsShown } from '@chainr/core/api/contract/route-parts';
import { routes } from '@chainr/core/api/contract/routes';
import type { RunList } from '@chainr/core/api/contract/run-resource';
import type { SchedContext } from '../context.js';
import { presentRun } from './present-run.js';
import { readFilter } from './read-filter.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function listRuns({ store }: SchedContext) {
  return served(routes.listRuns, async ({ query, request, response }) => {
    const { limit, cursor } = query;
    const [{ runs, next, total }, counts] = await Promise.all([
      store.runs.listRuns({
        filter: await readFilter(store, query),
        limit,
        ...(cursor === undefined ? {} : { before: cursor }),
      }),
      store.runs.countRuns(),
    ]);
    const shown = runs.map(async (run) => {
      const jobs = await store.runs.listJobs(run.uid, { from: 0, limit: Math.min(jobsShown.inLists, run.jobCount) });
      return presentRun(run, jobs);
    });
    const list: RunList = {
      kind: 'RunList',
      metadata: {
        selfLink: request.originalUrl,
        ...(next === undefined ? {} : { next: String(next) }),
        counts,
        ...(total === undefined ? {} : { total }),
      },
      items: await Promise.all(shown),
    };
    sendJson(response, 200, list);
  });
}
