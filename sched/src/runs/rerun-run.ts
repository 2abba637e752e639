import { ApiError } from '@chainr/core/api/contract/errors';
import { invalidBody, parseBody } from '@chainr/core/api/server/parse-body';
import { rerunRequestSchema, namesBodyBytes } from '@chainr/core/api/contract/request-bodies';
import { routes } from '@chainr/core/api/contract/routes';
import { Suggestions } from '@chainr/core/pipeline/did-you-mean';
import { dependenciesIn } from '@chainr/core/engine/flat-dependencies';
import { MistakeList, quote } from '@chainr/core/pipeline/mistakes';
import type { JobRecord, RunUid } from '@chainr/core/engine/records';
import { planRerun, type RerunFrom } from '@chainr/core/engine/rerun';
import type { SchedContext } from '../context.js';
import { findRun } from './find-run.js';
import { hashBody, readIdempotencyKey, type IdempotencyKey } from './read-idempotency-key.js';
import { readBody } from '../http/read-body.js';
import { readStoredPipeline } from '../pipelines/read-stored-pipeline.js';
import { sendJson } from '../http/send-json.js';
import { served } from '../http/serve-routes.js';
import { showMade, storeRun, uidOf } from './store-run.js';

/** Creates a new run of the same pipeline; successful and skipped jobs are reused (see Reruns). */
export function rerunRun(context: SchedContext) {
  return served(routes.rerunRun, async ({ params: { uid }, request, response }) => {
    const key = readIdempotencyKey(request);
    const { from } = parseBody(await readBody(request, namesBodyBytes), rerunRequestSchema);
    const made = await rerun(context, uid, from, key);
    const run = await showMade(context.store, made);
    sendJson(response, routes.rerunRun.success.status, run, { Location: run.metadata.selfLink });
  });
}

/**
 * @returns the uid of the new run
 * @throws ApiError NotFound; BadRequest for unknown jobs; Conflict, which says why it cannot be rerun in this way;
 * StoreFull
 */
export async function rerun(
  { store, pipelines, executorKind }: SchedContext,
  uid: RunUid,
  from: RerunFrom,
  key?: IdempotencyKey,
): Promise<RunUid> {
  const idempotency = key && { ...key, bodyHash: hashOf(uid, from) };
  const before = idempotency && (await store.runs.findReplay(idempotency));
  // The original run may be gone by now.
  if (before) return uidOf(before);
  const { pipeline, source } = await readStoredPipeline({ store, pipelines }, uid);
  const { jobCount } = await findRun(store, uid);
  const jobs = await store.runs.listJobs(uid, { from: 0, limit: jobCount });
  checkNames(from, jobs);
  const plan = planRerun(dependenciesIn(pipeline.dependencies), jobs, from);
  if (plan.kind === 'refused') throw new ApiError('Conflict', plan.message);
  const { standings } = plan;
  const takenOver = jobs.filter(({ index }) => standings[index]?.reason === 'Reused');
  const fields = await store.runs.readReusedFields(uid, takenOver);
  return storeRun(store, {
    pipeline,
    source,
    executorKind,
    rerun: { of: uid, standings, fields },
    ...(idempotency && { idempotency }),
  });
}

function hashOf(uid: RunUid, from: RerunFrom): string {
  return hashBody(Buffer.from(`rerun ${uid} ${JSON.stringify(from)}`));
}

/** @throws ApiError BadRequest that names the first 100 unknown jobs */
function checkNames(from: RerunFrom, jobs: readonly JobRecord[]): void {
  if (typeof from === 'string') return;
  const names = jobs.map(({ name }) => name);
  const known = new Set(names);
  const suggestions = new Suggestions(names);
  const mistakes = new MistakeList();
  for (const [place, name] of from.entries()) {
    if (known.has(name)) continue;
    mistakes.add(['from', place], () => `the run has no job ${quote(name)}${suggestions.of(name)}`);
  }
  if (!mistakes.isEmpty) throw invalidBody(mistakes);
}
