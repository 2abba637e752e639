import { checkDependencies, type ReadJob } from './check-dependencies.js';
import { checkEnv } from './check-container.js';
import { checkJob } from './check-job.js';
import { checkKubernetes } from './check-kubernetes.js';
import { checkPipelineEnv, checkReferences } from './check-references.js';
import { addIssues, describeIssue, describeValue } from './describe-issue.js';
import type { JobInput } from '../schema/job-schema.js';
import { pipelineLimits } from '../limits.js';
import { MistakeList, type Mistake } from '../mistakes.js';
import { whyNoName } from '../names.js';
import { normalizePipeline } from '../normalize-pipeline.js';
import { headSchema } from '../schema/pipeline-schema.js';
import type { Pipeline } from '../pipeline.js';
import { fieldsOf, isIgnored, sizeOfMap, toPlain, type PlainMap } from '../plain-values.js';

export type { Mistake } from '../mistakes.js';

export type CheckedPipeline = { pipeline: Pipeline } | { mistakes: Mistake[] };

/**
 * Checks a document, as `parsePipelineText` reads it or as plain objects, and normalizes it. Reports all mistakes at
 * once: the form of every field, the rules between fields, and the job graph. The first 100 are named and the rest
 * counted. Never throws, whatever the value.
 */
export function checkPipeline(value: unknown): CheckedPipeline {
  const mistakes = new MistakeList();
  const fieldCount = sizeOfMap(value);
  if (fieldCount > pipelineLimits.entries) {
    const most = String(pipelineLimits.entries);
    mistakes.add([], `a pipeline has no more than ${most} fields, but this has ${String(fieldCount)}`);
    return { mistakes: mistakes.list() };
  }
  const fields = fieldsOf(value, [], mistakes);
  if (!fields) {
    mistakes.add([], `a pipeline is a map with "kind" and "jobs", but this is ${describeValue(value)}`);
    return { mistakes: mistakes.list() };
  }

  const head = Object.create(null) as PlainMap;
  for (const [name, field] of fields) {
    if (isIgnored(name)) continue;
    const plain = name === 'jobs' ? null : toPlain(field, [name], mistakes);
    if (plain !== undefined) head[name] = plain;
  }
  const checkedHead = headSchema.safeParse(head, { error: describeIssue });
  if (!checkedHead.success) addIssues(checkedHead.error.issues, [], mistakes);
  const envBytes = checkEnv(head.env, ['env'], mistakes);
  checkPipelineEnv(head.env, mistakes);
  checkKubernetes(head.kubernetes, ['kubernetes'], mistakes);

  const jobs = readJobs(fields, mistakes);
  const checkedJobs: (readonly [string, JobInput])[] = [];
  for (const [name, job] of jobs) {
    const path = ['jobs', name];
    const whyNot = whyNoName(name);
    if (whyNot !== undefined) mistakes.add(path, whyNot);
    if (job === undefined) continue; // Too large; already reported.
    const checked = checkJob(job, path, envBytes, mistakes);
    if (checked) checkedJobs.push([name, checked]);
  }
  checkReferences(jobs, checkDependencies(jobs, mistakes), mistakes);
  checkInheritedImages(checkedJobs, mistakes);
  checkPools(checkedJobs, mistakes);

  if (!mistakes.isEmpty || !checkedHead.success) return { mistakes: mistakes.list() };
  return { pipeline: normalizePipeline(checkedHead.data, checkedJobs) };
}

/** The jobs in the order of the document; none if they cannot be read. */
function readJobs(fields: readonly (readonly [string, unknown])[], mistakes: MistakeList): ReadJob[] {
  const jobs = fields.find(([name]) => name === 'jobs')?.[1];
  const path = ['jobs'];
  if (jobs === undefined) {
    mistakes.add(path, 'is missing, it must be a map of jobs by name');
    return [];
  }
  const count = sizeOfMap(jobs);
  if (count > pipelineLimits.jobs) {
    mistakes.add(path, `has ${String(count)} jobs, but at most ${String(pipelineLimits.jobs)} are allowed`);
    return [];
  }
  const entries = fieldsOf(jobs, path, mistakes);
  if (!entries) {
    mistakes.add(path, `must be a map of jobs by name, but is ${describeValue(jobs)}`);
    return [];
  }
  if (count === 0) mistakes.add(path, 'is empty, a pipeline has at least one job');
  return entries.map(([name, job]) => [name, toPlain(job, ['jobs', name], mistakes)]);
}

/**
 * A step without an image is stored with that of its job. A long image on a job with many steps would turn a short
 * document into a large run.
 */
function checkInheritedImages(jobs: readonly (readonly [string, JobInput])[], mistakes: MistakeList): void {
  const characters = jobs.reduce((sum, [, { image = '', steps = [] }]) => {
    return sum + image.length * steps.filter((step) => step.image === undefined).length;
  }, 0);
  if (characters <= pipelineLimits.inheritedImages) return;
  mistakes.add(
    ['jobs'],
    `repeat the images of jobs for their steps in ${String(characters)} characters, but at most ` +
      `${String(pipelineLimits.inheritedImages)} are allowed: give jobs with many steps shorter image names`,
  );
}

/** A run costs something in each pool that its jobs name. */
function checkPools(jobs: readonly (readonly [string, JobInput])[], mistakes: MistakeList): void {
  const count = new Set(jobs.flatMap(([, { pool }]) => pool ?? [])).size;
  if (count <= pipelineLimits.pools) return;
  mistakes.add(['jobs'], `name ${String(count)} pools, but at most ${String(pipelineLimits.pools)} are allowed`);
}
