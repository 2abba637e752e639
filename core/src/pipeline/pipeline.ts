import type { ConditionMask } from './conditions.js';

/**
 * A pipeline after `checkPipeline`: valid, and normalized so that nothing is looked up twice. It is plain data that
 * survives `JSON.stringify` and `JSON.parse`.
 */
export interface Pipeline {
  kind: 'Pipeline';
  /** For people, on one line. */
  title?: string;
  metadata: PipelineMetadata;
  /** For every job. Variables of a job, then of a step, replace it name by name. */
  env?: Env;
  /** In the order of the document. A job's index in this list is its index everywhere. */
  jobs: readonly Job[];
  timeoutMs?: number;
  /** −100 … 100, higher first. */
  priority?: number;
  /** The workers that run its jobs; absent: those of the default pool. */
  pool?: string;
  /** How many jobs of a run may run at once. */
  maxParallel?: number;
}

export interface PipelineMetadata {
  name?: string;
  labels: Readonly<Record<string, string>>;
}

/** Environment variables by name. Never contains `CHAINR_*`, which are chainr's own, or `__proto__`. */
export type Env = Readonly<Record<string, EnvValue>>;

/** A text that may contain `${{ jobs.NAME.outputs.KEY }}` (`references.ts`), or the name of a secret. */
export type EnvValue = string | SecretReference;

/** The only form in which a secret is stored or sent. */
export interface SecretReference {
  secret: string;
}

/**
 * The stored part of a job: what a worker needs to run it, and nothing about other jobs. A later version runs it as well,
 * so what a field or its absence means is part of the state format (see Compiled pipelines).
 */
export interface JobPlan {
  name: string;
  /** For people, on one line. */
  title?: string;
  /** Its failure does not fail the run. Edges still see the failure. */
  allowFailure: boolean;
  env?: Env;
  /** For every step without its own. Absolute. */
  workdir?: string;
  /** For every step without its own. */
  resources?: Resources;
  /** When images are pulled; absent: `ifNotPresent`. */
  pull?: Pull;
  /** The network of its containers; absent: the executor's default. */
  network?: string;
  /** Never reused by a rerun. Absent: reused where it need not run again. */
  rerun?: 'always';
  /** Runs the scripts of steps without their own; the script is its last argument. Absent: `defaultShell`. */
  shell?: readonly string[];
  /** For every step without its own: `user` or `user:group`, names or ids. */
  user?: string;
  /** At least one. A job without steps has one, named `main`. */
  steps: readonly Step[];
  timeoutMs?: number;
  pendingTimeoutMs?: number;
  retries?: Retries;
  priority?: number;
  /** The workers that run it: its own pool, or that of its pipeline. Absent: the default pool. */
  pool?: string;
  /** Present if variables or images refer to secrets or outputs. Their values are resolved before the job begins. */
  references?: {
    /** The index of every job whose outputs are referred to, by name. */
    outputsOf: Readonly<Record<string, number>>;
  };
}

export interface Job extends JobPlan {
  dependsOn: readonly Dependency[];
}

export interface Dependency {
  /** The name of another job of the pipeline; each is named once. */
  job: string;
  /** Never 0. */
  mask: ConditionMask;
}

/** One container. Has `run`, or `command` or `args` or both. */
export interface Step {
  name: string;
  /** For people, on one line. */
  title?: string;
  image: string;
  /** A script: the last argument of `shell`, unless it names its interpreter. */
  run?: string;
  /** Runs `run`, in place of the shell of the job. */
  shell?: readonly string[];
  command?: readonly string[];
  args?: readonly string[];
  env?: Env;
  workdir?: string;
  user?: string;
  resources?: Resources;
  /** Only with `run`. */
  continueOnError?: true;
}

export type Pull = 'ifNotPresent' | 'always' | 'never';

/** Quantities as Kubernetes writes them: `500m`, `2`, `256Mi`. */
export interface Resources {
  requests?: Readonly<Record<string, string>>;
  limits?: Readonly<Record<string, string>>;
}

export interface Retries {
  limit: number;
  backoff?: { initialMs?: number; factor?: number; maxMs?: number };
}

/** The part of a job that is stored for workers. Its edges are stored separately, as bits. */
export function jobPlan(job: Job): JobPlan {
  const { dependsOn: _edges, ...plan } = job;
  return plan;
}
