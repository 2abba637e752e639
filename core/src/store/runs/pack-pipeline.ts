import { compileDag } from '../../engine/dag.js';
import { jobPlan, sharedPlan, type Job, type Pipeline } from '../../pipeline/pipeline.js';
import type { Dependencies } from '../../engine/transitive-dependents.js';
import { flagsIn, packPlan, planFlags, unpackEdges } from '../script/layout.js';

/**
 * A compiled pipeline, as it is stored and as every rerun stores it again: few large values instead of many small ones,
 * so that the thread that reads large bodies can pass it on without blocking the main thread.
 */
export interface PackedPipeline {
  name?: string;
  title?: string;
  labels: Readonly<Record<string, string>>;
  /** What all jobs share (`SharedPlan`) as JSON; absent if that is nothing. */
  shared?: string;
  timeoutMs?: number;
  /** −100 … 100 */
  priority: number;
  /** The workers that run its jobs; absent: those of the default pool. */
  pool?: string;
  /** The pools of its jobs, each once; '': that of the run. */
  jobPools: readonly string[];
  /** 0: no limit. */
  maxParallel: number;
  /** In the order of the document, like everything below. */
  jobNames: readonly string[];
  /** The priority of each job: its own, or the pipeline's. */
  priorities: Int8Array<ArrayBuffer>;
  /** What is stored of each job (`packPlan`), its edges included, concatenated; `ends` has the end of each. */
  plans: { bytes: Uint8Array<ArrayBuffer>; ends: Uint32Array<ArrayBuffer> };
}

export function packPipeline(pipeline: Pipeline): PackedPipeline {
  const { title, metadata, jobs, timeoutMs, priority = 0, pool, maxParallel = 0 } = pipeline;
  const priorities = Int8Array.from(jobs, (job) => job.priority ?? priority);
  const ownPool = (job: Job | undefined): string => (job?.pool === pool ? '' : (job?.pool ?? ''));
  const plans = compileDag(pipeline).map(({ dependents, allowFailure }, index) => {
    const job = jobs[index];
    const flags = (allowFailure ? planFlags.allowFailure : 0) | (job?.rerun ? planFlags.rerunAlways : 0);
    const head = { flags, priority: priorities[index] ?? 0, pool: ownPool(job) };
    return packPlan(dependents, head, job ? JSON.stringify(jobPlan(job)) : '');
  });
  const shared = JSON.stringify(sharedPlan(pipeline));
  return {
    ...(metadata.name !== undefined && { name: metadata.name }),
    ...(title !== undefined && { title }),
    labels: metadata.labels,
    ...(shared !== '{}' && { shared }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    priority,
    ...(pool !== undefined && { pool }),
    jobPools: [...new Set(jobs.map(ownPool))],
    maxParallel,
    jobNames: jobs.map(({ name }) => name),
    priorities,
    plans: joinPlans(plans),
  };
}

/** The buffers that can be transferred to another thread instead of being copied. */
export function transferablesOf({ priorities, plans }: PackedPipeline): ArrayBuffer[] {
  return [priorities, plans.bytes, plans.ends].map(({ buffer }) => buffer);
}

/** The stored part of a job, without a copy. */
export function planOf({ plans: { bytes, ends } }: PackedPipeline, index: number): Buffer {
  const start = ends[index - 1] ?? 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, (ends[index] ?? start) - start);
}

/** In a buffer of its own: Node's pool of small buffers cannot be transferred. */
export function joinPlans(plans: readonly Buffer[]): PackedPipeline['plans'] {
  const ends = new Uint32Array(plans.length);
  const length = plans.reduce((sum, plan, index) => (ends[index] = sum + plan.length), 0);
  const bytes = new Uint8Array(length);
  plans.forEach((plan, index) => {
    bytes.set(plan, ends[index - 1] ?? 0);
  });
  return { bytes, ends };
}

/** The plans of all jobs, without copies. */
const plansOf = (pipeline: PackedPipeline): Buffer[] => pipeline.jobNames.map((_, index) => planOf(pipeline, index));

/** The jobs that no rerun reuses, by index. */
export function neverReused(pipeline: PackedPipeline): number[] {
  return plansOf(pipeline).flatMap((plan, index) => ((flagsIn(plan) & planFlags.rerunAlways) === 0 ? [] : [index]));
}

/** The number of dependencies of each job. */
export function countDependencies(pipeline: PackedPipeline): number[] {
  const counts = pipeline.jobNames.map(() => 0);
  for (const plan of plansOf(pipeline)) {
    for (const { index } of unpackEdges(plan)) counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** The dependencies of each job, by index. */
export const dependenciesIn = (pipeline: PackedPipeline): Dependencies[] => reverseEdgesOf(plansOf(pipeline));

/** Plans contain the edges to the dependents of their jobs; this returns the dependencies of each, by index. */
export function reverseEdgesOf(plans: readonly Buffer[]): Dependencies[] {
  const dependencies = plans.map((): { index: number; mask: number }[] => []);
  for (const [dependency, plan] of plans.entries()) {
    for (const { index, mask } of unpackEdges(plan)) dependencies[index]?.push({ index: dependency, mask });
  }
  return dependencies;
}
