import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from '@chainr/core/api/contract/errors';
import { parseBody } from '@chainr/core/api/server/parse-body';
import { emptyBodySchema, smallBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { dependenciesIn } from '@chainr/core/engine/flat-dependencies';
import type { JobRecord, RunUid } from '@chainr/core/engine/records';
import { transitiveDependents } from '@chainr/core/engine/transitive-dependents';
import type { PackedPipeline } from '@chainr/core/store/runs/pack-pipeline';
import type { Store } from '@chainr/core/store/store';
import type { Dependent, ReopenReply } from '@chainr/core/store/script/transition-types';
import type { SchedContext } from '../context.js';
import { findJob } from '../runs/find-run.js';
import { presentJob } from './present-job.js';
import { readBody } from '../http/read-body.js';
import { readStoredPipeline } from '../pipelines/read-stored-pipeline.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';

/** What one script may examine (see Bounded calls). */
const dependentsMax = 1_000;
/** How often to try while the failed attempt is not yet closed, which happens soon after its end. */
const busyTries = 20;
/** The pause between these tries. */
const busyPauseMs = 100;

/** FAILED → PENDING by hand, with a new attempt (see Retry by hand). */
export function retryJob(context: SchedContext) {
  const { store } = context;
  return served(routes.retryJob, async ({ params: { uid, job: name }, request, response }) => {
    parseBody(await readBody(request, smallBodyBytes), emptyBodySchema);
    const job = await findJob(store, uid, name);
    const { pipeline } = await readStoredPipeline(context, uid);
    const reply = await reopen(store, uid, job.index, dependentsOf(pipeline, job));
    if (reply.kind !== 'ok') throw refusal(reply, job, pipeline);
    const [reopened, attempts, plan] = await Promise.all([
      findJob(store, uid, name),
      store.runs.listAttempts(uid, job.index),
      store.runs.getPlan(uid, job.index),
    ]);
    sendJson(response, routes.retryJob.success.status, presentJob(uid, reopened, { attempts, plan }));
  });
}

/** @throws ApiError Conflict if there are too many for one script */
function dependentsOf(pipeline: PackedPipeline, { name, index }: JobRecord): Dependent[] {
  const dependencies = dependenciesIn(pipeline.dependencies);
  const dependents = transitiveDependents(dependencies, [index]);
  if (dependents.length > dependentsMax) {
    const sentence = `More than ${String(dependentsMax)} jobs wait for "${name}"`;
    throw new ApiError('Conflict', `${sentence}, too many to reset: ${rerunInstead(name)}`);
  }
  return dependents.map((each) => ({ index: each, dependencies: dependencies[each] ?? [] }));
}

async function reopen(
  store: Store,
  uid: RunUid,
  index: number,
  dependents: readonly Dependent[],
): Promise<ReopenReply> {
  for (let tries = 1; ; tries += 1) {
    const reply = await store.transitions.reopen(uid, index, dependents);
    if (reply.kind !== 'busy' || tries === busyTries) return reply;
    await store.transitions.resume(uid);
    await pause(busyPauseMs);
  }
}

const rerunInstead = (name: string): string => `rerun the run from "${name}" instead.`;

function refusal(reply: Exclude<ReopenReply, { kind: 'ok' }>, { name, status }: JobRecord, pipeline: PackedPipeline) {
  switch (reply.kind) {
    case 'gone':
      return new ApiError('NotFound', 'The run was deleted.');
    case 'final':
      return new ApiError('Conflict', `The run has ended and cannot change any more: ${rerunInstead(name)}`);
    case 'ending':
      return new ApiError('Conflict', `The run is ending: ${rerunInstead(name)}`);
    case 'status':
      return new ApiError('Conflict', `The job "${name}" is ${status}; only a FAILED job can be retried.`);
    case 'busy':
      return new ApiError('Conflict', `The log of "${name}" is still being stored; try again in a moment.`, {
        headers: { 'Retry-After': '2' },
      });
    case 'claimed': {
      const dependent = pipeline.jobNames[reply.index] ?? '';
      return new ApiError(
        'Conflict',
        `The job "${dependent}" depends on "${name}" and has already started: ${rerunInstead(name)}`,
      );
    }
  }
}
