import type { ConditionMask } from './conditions.js';

/**
 * A pipeline after `checkPipeline`: valid, and normalized so that nothing needs to be looked up
 * twice. All of it is plain data that `JSON.stringify` and `JSON.parse` keep as it is.
 */
export interface Pipeline {
  kind: 'Pipeline';
  metadata: PipelineMetadata;
  /** For every job; a job's own and a step's own replace it name by name. */
  env?: Env;
  /** In the order of the document; a job's place in it is its index everywhere. */
  jobs: readonly Job[];
  timeoutMs?: number;
  /** −100 … 100, higher first. */
  priority?: number;
  /** How many jobs of a run may run at once. */
  maxParallel?: number;
}

export interface PipelineMetadata {
  name?: string;
  labels: Readonly<Record<string, string>>;
}

/** Environment variables by name. Never has `CHAINR_*`, which are chainr's own, nor `__proto__`. */
export type Env = Readonly<Record<string, EnvValue>>;

/** A text, in which `${{ jobs.NAME.outputs.KEY }}` may stand (`references.ts`), or the name of a secret. */
export type EnvValue = string | SecretReference;

/** All that is ever stored or sent of a secret. */
export interface SecretReference {
  secret: string;
}

/** What is stored of each job: all that a worker needs to run it, and nothing about other jobs. */
export interface JobPlan {
  name: string;
  /** Its failure does not fail the run; edges see the failure all the same. */
  allowFailure: boolean;
  env?: Env;
  /** For every step that names none. Absolute. */
  workdir?: string;
  /** For every step that names none. */
  resources?: Resources;
  /** When images are pulled; `ifNotPresent` where it is absent. */
  pull?: Pull;
  /** The network of its containers; the executor's own default where it is absent. */
  network?: string;
  /** For every step that names none: `user` or `user:group`, names or ids. */
  user?: string;
  /** At least one. A job without steps has one, named `main`. */
  steps: readonly Step[];
  timeoutMs?: number;
  pendingTimeoutMs?: number;
  retries?: Retries;
  priority?: number;
  /** Present where variables or images refer to secrets or outputs: their values are looked up before it begins. */
  references?: {
    /** The index of every job whose outputs are referred to, by its name. */ outputsOf: Readonly<
      Record<string, number>
    >;
  };
}

export interface Job extends JobPlan {
  dependsOn: readonly Dependency[];
}

export interface Dependency {
  /** The name of a job of the same pipeline; each is named once. */
  job: string;
  /** Never 0. */
  mask: ConditionMask;
}

/** One container. Has `run`, or `command` or `args` or both. */
export interface Step {
  name: string;
  image: string;
  /** A shell script: one argument of `/bin/sh -c`. */
  run?: string;
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

/** The part of a job that is stored for workers; its edges are stored apart, as bits. */
export function jobPlan(job: Job): JobPlan {
  const { dependsOn: _edges, ...plan } = job;
  return plan;
}
