import type { JobRecord, RunUid } from '../engine/records.js';
import { planRerun, type RerunFrom } from '../engine/rerun.js';
import { Suggestions } from '../pipeline/did-you-mean.js';
import { firstOf, MistakeList, quote } from '../pipeline/mistakes.js';
import { dependenciesIn, neverReused } from '../store/runs/pack-pipeline.js';
import { noRun, type Refusal } from './refusal.js';
import { hashRequest, toMadeRun, type MadeRun, type RequestKey, type RunMaking } from './submit.js';

/** `unknown-jobs`: `from` names jobs that the run does not have. */
export type Rerunning =
  MadeRun | Refusal<'no-run' | 'unknown-jobs' | 'nothing-failed' | 'not-reusable' | 'nothing-to-run' | 'live'>;

/**
 * Creates a new run of the same compiled pipeline; successful and skipped jobs are reused (see Reruns).
 *
 * @throws StoreFull, or StoreUnavailable: the run may or may not have been made; ask again with the same key
 */
export async function rerun(
  { store, defaultPool }: Omit<RunMaking, 'pipelines'>,
  uid: RunUid,
  from: RerunFrom,
  key?: RequestKey,
): Promise<Rerunning> {
  const idempotency = key && { ...key, bodyHash: hashRequest(`rerun ${uid} ${JSON.stringify(from)}`) };
  const before = idempotency && (await store.runs.findReplay(idempotency));
  // The original run may be gone by now.
  if (before) return toMadeRun(before);
  const compiled = await store.runs.getCompiled(uid);
  if (!compiled) return noRun(uid);
  const { pipeline, source } = compiled;
  const jobs = await store.runs.listJobs(uid, { from: 0, limit: pipeline.jobNames.length });
  if (jobs.length < pipeline.jobNames.length) return noRun(uid); // It was deleted meanwhile.
  const unknown = findUnknown(from, jobs);
  if (unknown) return unknown;
  const plan = planRerun(dependenciesIn(pipeline), jobs, from, neverReused(pipeline));
  if (plan.kind !== 'planned') return plan;
  const { standings } = plan;
  const takenOver = jobs.filter(({ index }) => standings[index]?.reason === 'Reused');
  const fields = await store.runs.readReusedFields(uid, takenOver);
  const rerunOf = { of: uid, standings, fields };
  return toMadeRun(
    await store.runs.createRun({ pipeline, source, defaultPool, rerun: rerunOf, ...(idempotency && { idempotency }) }),
  );
}

/** Its mistakes are the first 100 unknown jobs. */
function findUnknown(from: RerunFrom, jobs: readonly JobRecord[]): Refusal<'unknown-jobs'> | undefined {
  if (typeof from === 'string') return undefined;
  const names = jobs.map(({ name }) => name);
  const known = new Set(names);
  const suggestions = new Suggestions(names);
  const list = new MistakeList();
  for (const [place, name] of from.entries()) {
    if (known.has(name)) continue;
    list.add(['from', place], () => `the run has no job ${quote(name)}${suggestions.of(name)}`);
  }
  if (list.isEmpty) return undefined;
  const mistakes = list.list();
  return { kind: 'unknown-jobs', message: `The run does not have every named job${firstOf(mistakes)}`, mistakes };
}
