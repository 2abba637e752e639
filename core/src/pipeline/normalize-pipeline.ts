import { readMask } from './checks/check-dependencies.js';
import { parseDuration } from './duration.js';
import type { JobInput } from './schema/job-schema.js';
import type { HeadInput } from './schema/pipeline-schema.js';
import type { Dependency, Job, Pipeline, Readiness, Resources, Retries, Service, Step } from './pipeline.js';
import { referencesIn } from './references.js';
import { mainStep } from './steps.js';

/** How long a service may take until it is ready. */
const defaultReadyTimeoutMs = 60_000;

type ContainerInput = Omit<NonNullable<JobInput['steps']>[number], 'name'>;
type Written<Field extends keyof JobInput> = NonNullable<JobInput[Field]>;

/** Brings a checked document into the form of `Pipeline`; fields that are not written stay absent. */
export function normalizePipeline(head: HeadInput, jobs: readonly (readonly [string, JobInput])[]): Pipeline {
  const indexOf = new Map(jobs.map(([name], index) => [name, index]));
  // Computed once, not for each job. The pipeline's env cannot refer to outputs (`checkPipelineEnv`), but may have
  // secrets and values of the cluster.
  const sharesReferences = Object.values(head.env ?? {}).some((value) => typeof value !== 'string');
  return {
    kind: 'Pipeline',
    ...(head.title !== undefined && { title: head.title }),
    metadata: { ...head.metadata, labels: { ...head.metadata?.labels } },
    ...(head.env && { env: head.env }),
    jobs: jobs.map(([name, job]) =>
      normalizeJob(name, job, { pull: head.pull, shell: head.shell, pool: head.pool, sharesReferences, indexOf }),
    ),
    ...(head.timeout !== undefined && { timeoutMs: durationMs(head.timeout) }),
    ...(head.priority !== undefined && { priority: head.priority }),
    ...(head.pool !== undefined && { pool: head.pool }),
    ...(head.kubernetes && { kubernetes: head.kubernetes }),
    ...(head.maxParallel !== undefined && { maxParallel: head.maxParallel }),
  };
}

/** What jobs inherit from their pipeline. */
interface Shared {
  pull: HeadInput['pull'];
  shell: HeadInput['shell'];
  pool: HeadInput['pool'];
  /** Whether a variable of the pipeline is not plain text. */
  sharesReferences: boolean;
  indexOf: ReadonlyMap<string, number>;
}

function normalizeJob(name: string, job: JobInput, shared: Shared): Job {
  const pull = job.pull ?? shared.pull;
  const shell = job.shell ?? shared.shell;
  const pool = job.pool ?? shared.pool;
  const references = findReferences(job, shared);
  return {
    name,
    ...(job.title !== undefined && { title: job.title }),
    allowFailure: job.allowFailure ?? false,
    ...(job.env && { env: job.env }),
    ...(job.workdir !== undefined && { workdir: job.workdir }),
    ...(job.user !== undefined && { user: job.user }),
    ...(pull && { pull }),
    ...(shell && { shell }),
    ...(job.network !== undefined && { network: job.network }),
    ...(job.resources && { resources: normalizeResources(job.resources) }),
    steps: job.steps ? job.steps.map((step) => normalizeStep(step.name, step, job.image)) : [normalizeOnlyStep(job)],
    ...(job.services && { services: job.services.map(normalizeService) }),
    ...(job.kubernetes && { kubernetes: job.kubernetes }),
    ...(job.timeout !== undefined && { timeoutMs: durationMs(job.timeout) }),
    ...(job.pendingTimeout !== undefined && { pendingTimeoutMs: durationMs(job.pendingTimeout) }),
    ...(job.retries && { retries: normalizeRetries(job.retries) }),
    ...(job.priority !== undefined && { priority: job.priority }),
    ...(pool !== undefined && { pool }),
    ...(job.rerun && { rerun: job.rerun }),
    ...(references && { references }),
    dependsOn: (job.dependsOn ?? []).map(normalizeDependency),
  };
}

/** What must be resolved before the job begins; undefined if nothing. */
function findReferences(job: JobInput, { sharesReferences, indexOf }: Shared): Job['references'] | undefined {
  const containers = [job, ...(job.steps ?? []), ...(job.services ?? [])];
  const values = containers.flatMap(({ env = {} }) => Object.values(env));
  const texts = [...values, ...containers.map(({ image = '' }) => image)].filter((value) => typeof value === 'string');
  const names = texts.flatMap(referencesIn).map((reference) => reference.job);
  const hasMaps = sharesReferences || values.some((value) => typeof value !== 'string');
  if (names.length === 0 && !hasMaps) return undefined;
  return { outputsOf: Object.fromEntries(names.map((of) => [of, indexOf.get(of) ?? 0])) };
}

/** Variables, workdir and resources stay on the job; its only step inherits them. */
function normalizeOnlyStep(job: JobInput): Step {
  const { run, command, args } = job;
  return normalizeStep(
    mainStep,
    { ...(run !== undefined && { run }), ...(command && { command }), ...(args && { args }) },
    job.image,
  );
}

function normalizeStep(name: string, step: ContainerInput, defaultImage: string | undefined): Step {
  const image = step.image ?? defaultImage;
  if (image === undefined) throw new Error(`step ${name} has no image: the pipeline was not checked`);
  return {
    name,
    ...(step.title !== undefined && { title: step.title }),
    image,
    ...(step.run !== undefined && { run: step.run }),
    ...(step.shell && { shell: step.shell }),
    ...(step.command && { command: step.command }),
    ...(step.args && { args: step.args }),
    ...(step.env && { env: step.env }),
    ...(step.workdir !== undefined && { workdir: step.workdir }),
    ...(step.user !== undefined && { user: step.user }),
    ...(step.resources && { resources: normalizeResources(step.resources) }),
    ...(step.continueOnError === true && { continueOnError: true as const }),
  };
}

function normalizeService(service: Written<'services'>[number]): Service {
  const { name, image, env, command, args, resources, ready } = service;
  return {
    name,
    image,
    ...(env && { env }),
    ...(command && { command }),
    ...(args && { args }),
    ...(resources && { resources: normalizeResources(resources) }),
    ...(ready && { ready: normalizeReadiness(ready) }),
  };
}

function normalizeReadiness({ run, http, tcp, timeout }: NonNullable<Written<'services'>[number]['ready']>): Readiness {
  const timeoutMs = timeout === undefined ? defaultReadyTimeoutMs : durationMs(timeout);
  if (run !== undefined) return { run, timeoutMs };
  if (http) return { http: { port: http.port, path: http.path ?? '/' }, timeoutMs };
  if (tcp !== undefined) return { tcp, timeoutMs };
  throw new Error('a service has no check: the pipeline was not checked');
}

function normalizeDependency(written: Written<'dependsOn'>[number]): Dependency {
  if (typeof written === 'string') return { job: written, mask: readMask() };
  return { job: written.job, mask: readMask(written.conditions) };
}

function normalizeResources({ requests, limits }: Written<'resources'>): Resources {
  return { ...(requests && { requests: asTexts(requests) }), ...(limits && { limits: asTexts(limits) }) };
}

/** `cpu: 2` is a number in YAML. Kubernetes accepts both, and so does chainr. */
function asTexts(quantities: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, String(value)]));
}

function normalizeRetries({ limit, backoff }: Written<'retries'>): Retries {
  if (!backoff) return { limit };
  const { initial, factor, max } = backoff;
  return {
    limit,
    backoff: {
      ...(initial !== undefined && { initialMs: durationMs(initial) }),
      ...(factor !== undefined && { factor }),
      ...(max !== undefined && { maxMs: durationMs(max) }),
    },
  };
}

function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`${text} is no duration: the pipeline was not checked`);
  return ms;
}
