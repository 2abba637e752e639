import type { JobExplanation } from '@chainr/core/api/contract/explanation-resource';
import { routePath } from '@chainr/core/api/contract/route';
import { routes } from '@chainr/core/api/contract/routes';
import { explain } from '@chainr/core/usecases/explain';
import type { SchedContext } from '../context.js';
import { refusalError } from '../http/refusal-error.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

export function explainJob(context: SchedContext) {
  return served(routes.explainJob, async ({ params: { uid, job: name }, response }) => {
    const explained = await explain(context, uid, name);
    if (explained.kind !== 'explained') throw refusalError(explained);
    const { job, sentence, facts } = explained;
    const plan = await context.store.runs.getPlan(uid, job.index);
    const explanation: JobExplanation = {
      kind: 'JobExplanation',
      metadata: {
        selfLink: routePath(routes.explainJob, { uid, job: name }),
        run: uid,
        name,
        ...(plan?.title !== undefined && { title: plan.title }),
      },
      status: job.status,
      reason: job.reason,
      sentence,
      facts,
    };
    sendJson(response, 200, explanation);
  });
}
