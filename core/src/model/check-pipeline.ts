import { checkDependencies, type ReadJob } from './check-dependencies.js';
import { checkEnv, checkJob } from './check-job.js';
import { checkPipelineEnv, checkReferences } from './check-references.js';
import { addIssues, describeIssue, describeValue } from './describe-issue.js';
import type { JobInput } from './job-schema.js';
import { pipelineLimits } from './limits.js';
import { MistakeList, type Mistake } from './mistakes.js';
import { whyNoName } from './names.js';
import { normalizePipeline } from './normalize-pipeline.js';
import { headSchema } from './pipeline-schema.js';
import type { Pipeline } from './pipeline.js';
import { fieldsOf, toPlain, type PlainMap } from './plain-values.js';

export type { Mistake } from './mistakes.js';

export type CheckedPipeline = { pipeline: Pipeline } | { mistakes: Mistake[] };

/**
 * Checks a document, as `parsePipelineText` reads it or as plain objects, and normalizes it. All
 * mistakes at once: the form of every field, the rules between fields, and the graph of the jobs;
 * the first 100 are named and the rest counted. Never throws, whatever the value.
 */
export function checkPipeline(value: unknown): CheckedPipeline {
  const mistakes = new MistakeList();
  const fields = fieldsOf(value, [], mistakes);
  if (!fields) {
    mistakes.add([], `a pipeline is a map with "kind" and "jobs", but this is ${describeValue(value)}`);
    return { mistakes: mistakes.list() };
  }

  const head = Object.create(null) as PlainMap;
  for (const [name, field] of fields) head[name] = name === 'jobs' ? null : toPlain(field, [name], mistakes);
  const checkedHead = headSchema.safeParse(head, { error: describeIssue });
  if (!checkedHead.success) addIssues(checkedHead.error.issues, [], mistakes);
  const envBytes = checkEnv(head.env, ['env'], mistakes);
  checkPipelineEnv(head.env, mistakes);

  const jobs = readJobs(fields, mistakes);
  const checkedJobs: (readonly [string, JobInput])[] = [];
  for (const [name, job] of jobs) {
    const path = ['jobs', name];
    const whyNot = whyNoName(name);
    if (whyNot !== undefined) mistakes.add(path, whyNot);
    const checked = checkJob(job, path, envBytes, mistakes);
    if (checked) checkedJobs.push([name, checked]);
  }
  checkReferences(jobs, checkDependencies(jobs, mistakes), mistakes);

  if (!mistakes.isEmpty || !checkedHead.success) return { mistakes: mistakes.list() };
  return { pipeline: normalizePipeline(checkedHead.data, checkedJobs) };
}

/** The jobs in the order of the document; none where there is no sense in looking at them. */
function readJobs(fields: readonly (readonly [string, unknown])[], mistakes: MistakeList): ReadJob[] {
  const jobs = fields.find(([name]) => name === 'jobs')?.[1];
  const path = ['jobs'];
  if (jobs === undefined) {
    mistakes.add(path, 'is missing, it must be a map of jobs by name');
    return [];
  }
  const entries = fieldsOf(jobs, path, mistakes);
  if (!entries) {
    mistakes.add(path, `must be a map of jobs by name, but is ${describeValue(jobs)}`);
    return [];
  }
  if (isEmptyMap(jobs)) mistakes.add(path, 'is empty, a pipeline has at least one job');
  if (entries.length > pipelineLimits.jobs) {
    mistakes.add(path, `has ${String(entries.length)} jobs, but at most ${String(pipelineLimits.jobs)} are possible`);
    return [];
  }
  return entries.map(([name, job]) => [name, toPlain(job, ['jobs', name], mistakes)]);
}

function isEmptyMap(value: unknown): boolean {
  return value instanceof Map ? value.size === 0 : Object.keys(value as object).length === 0;
}
