import { routes } from '@chainr/core/api/contract/routes';
import type { JobList } from '@chainr/core/api/contract/run-resource';
import type { SchedContext } from '../context.js';
import { findRun, findTitles } from '../runs/find-run.js';
import { presentJobSummaries } from '../runs/present-run.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** Pages the jobs by their place in the pipeline, which never changes. */
export function listJobs({ store }: SchedContext) {
  return served(routes.listJobs, async ({ params: { uid }, query, request, response }) => {
    const from = query.cursor ?? 0;
    const [run, jobs] = await Promise.all([
      findRun(store, uid),
      store.runs.listJobs(uid, { from, limit: query.limit }),
    ]);
    const titles = await findTitles(store, run, { from, limit: jobs.length });
    const end = from + jobs.length;
    const list: JobList = {
      kind: 'JobList',
      metadata: {
        selfLink: request.originalUrl,
        run: uid,
        ...(end < run.jobCount && jobs.length > 0 ? { next: String(end) } : {}),
      },
      items: presentJobSummaries(jobs, titles),
    };
    sendJson(response, 200, list);
  });
}
