import { routes } from '@chainr/core/api/contract/routes';
import { timelineOf } from '@chainr/core/timeline/timeline';
import type { SchedContext } from '../context.js';
import { findRun } from './find-run.js';
import { presentTimeline } from './present-timeline.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** Reads all jobs of the run, whatever the page: each of them may be on the critical path. */
export function getTimeline({ store }: SchedContext) {
  return served(routes.getTimeline, async ({ params: { uid }, query, request, response }) => {
    // The run is read after its jobs: if it ends in between, unfinished spans are shown until that end.
    const jobs = await store.runs.listTimedJobs(uid);
    const [run, now] = await Promise.all([findRun(store, uid), store.now()]);
    const page = { from: query.cursor ?? 0, limit: query.limit };
    const timeline = timelineOf(run, jobs, now);
    sendJson(response, 200, presentTimeline(run, timeline, { ...page, selfLink: request.originalUrl }));
  });
}
