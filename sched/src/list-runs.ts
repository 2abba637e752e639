import { jobsShown, routes } from '@chainr/core/api/routes';
import type { RunList } from '@chainr/core/api/run-resource';
import type { SchedContext } from './context.js';
import { presentRun } from './present-run.js';
import { sendJson } from './send-json.js';
import { served } from './serve-routes.js';

export function listRuns({ store }: SchedContext) {
  return served(routes.listRuns, async ({ query, request, response }) => {
    const { limit, cursor } = query;
    const { runs, next } = await store.runs.listRuns({ limit, ...(cursor === undefined ? {} : { before: cursor }) });
    const shown = runs.map(async (run) => {
      const jobs = await store.runs.listJobs(run.uid, { from: 0, limit: Math.min(jobsShown.inLists, run.jobCount) });
      return presentRun(run, jobs);
    });
    const list: RunList = {
      kind: 'RunList',
      metadata: { selfLink: request.originalUrl, ...(next === undefined ? {} : { next: String(next) }) },
      items: await Promise.all(shown),
    };
    sendJson(response, 200, list);
  });
}
