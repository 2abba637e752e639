import express from 'express';
import { errorHandler, notFound } from '@chainr/core/service/express-errors';
import { noStore } from '@chainr/core/service/no-store';
import { requestIds } from '@chainr/core/service/request-id';
import type { SchedContext } from './context.js';
import { adminWorkers } from './workers/admin-workers.js';
import { bulkRoutes } from './runs/bulk-routes.js';
import { cancelRun } from './runs/cancel-run.js';
import { createRun } from './runs/create-run.js';
import { deleteRun } from './runs/delete-run.js';
import { explainJob } from './jobs/explain-job.js';
import { getJob } from './jobs/get-job.js';
import { getOpenApi } from './http/get-open-api.js';
import { getPipeline } from './pipelines/get-pipeline.js';
import { getRun } from './runs/get-run.js';
import { getTimeline } from './runs/get-timeline.js';
import { listJobs } from './jobs/list-jobs.js';
import { listResources } from './http/list-resources.js';
import { listRuns } from './runs/list-runs.js';
import { readLog } from './logs/read-log.js';
import { rerunRun } from './runs/rerun-run.js';
import { retryJob } from './jobs/retry-job.js';
import { serveRoutes } from './http/serve-routes.js';
import { validatePipeline } from './pipelines/validate-pipeline.js';

/** Every route of sched. The middleware is kept short, since every new run passes it. */
export function createApp(context: SchedContext): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('query parser', false);
  app.use(requestIds(), noStore(), context.health.untilStarted());
  serveRoutes(app, [
    createRun(context),
    ...bulkRoutes(context), // Before those of one run: `cancel` is no uid.
    getRun(context),
    listRuns(context),
    deleteRun(context),
    listJobs(context),
    getTimeline(context),
    getJob(context),
    readLog(context),
    cancelRun(context),
    retryJob(context),
    rerunRun(context),
    explainJob(context),
    ...adminWorkers(context),
    getPipeline(context),
    validatePipeline(context),
    listResources(),
    getOpenApi(),
  ]);
  app.use(context.health.routes());
  app.use(notFound());
  app.use(errorHandler(context.logger));
  return app;
}
