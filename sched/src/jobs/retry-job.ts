import { parseBody } from '@chainr/core/api/server/parse-body';
import { emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { retry } from '@chainr/core/usecases/retry';
import type { SchedContext } from '../context.js';
import { findJob } from '../runs/find-run.js';
import { presentJob } from './present-job.js';
import { readBody } from '../http/read-body.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function retryJob(context: SchedContext) {
  const { store } = context;
  return served(routes.retryJob, async ({ params: { uid, job: name }, request, response }) => {
    parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
    const reply = await retry(context, uid, name);
    if (reply.kind !== 'retried') throw refusalError(reply);
    const [reopened, attempts, plan] = await Promise.all([
      findJob(store, uid, name),
      store.runs.listAttempts(uid, reply.jobIndex),
      store.runs.getPlan(uid, reply.jobIndex),
    ]);
    sendJson(response, routes.retryJob.success.status, presentJob(uid, reopened, { attempts, plan }));
  });
}
