import { routes } from '@chainr/core/api/contract/routes';
import type { SchedContext } from '../context.js';
import { findJob } from '../runs/find-run.js';
import { presentJob } from './present-job.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function getJob({ store }: SchedContext) {
  return served(routes.getJob, async ({ params, response }) => {
    const job = await findJob(store, params.uid, params.job);
    const [attempts, plan, outputs, reused] = await Promise.all([
      store.runs.listAttempts(params.uid, job.index),
      store.runs.getPlan(params.uid, job.index),
      store.runs.getOutputs(params.uid, [job.index]),
      job.reason === 'Reused' ? store.runs.getReused(params.uid, job.index) : undefined,
    ]);
    sendJson(response, 200, presentJob(params.uid, job, { attempts, plan, outputs: outputs.get(job.index), reused }));
  });
}
