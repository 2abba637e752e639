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
  /** For the pods of every job; fields of a job replace it (`podSettings`). */
  kubernetes?: KubernetesSettings;
  /** How many jobs of a run may run at once. */
  maxParallel?: number;
}

export interface PipelineMetadata {
  name?: string;
  labels: Readonly<Record<string, string>>;
}

/** Environment variables by name. Never contains `CHAINR_*`, which are chainr's own, or `__proto__`. */
export type Env = Readonly<Record<string, EnvValue>>;

/**
 * A text that may contain `${{ jobs.NAME.outputs.KEY }}` (`references.ts`), the name of a secret, or the place of a value
 * of the cluster.
 */
export type EnvValue = string | SecretReference | ClusterValue;

/** The only form in which a secret is stored or sent. */
export interface SecretReference {
  secret: string;
}

/** A key of a Secret or ConfigMap in the namespace of the pod. Only the Kubernetes executor can give its value. */
export type ClusterValue = { kubernetesSecret: string; key: string } | { configMap: string; key: string };

/** What all jobs of a run share. It is stored once for the run, not with each job. */
export type SharedPlan = Pick<Pipeline, 'env' | 'kubernetes'>;

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
  /** Run beside the steps. Their names differ from those of the steps. */
  services?: readonly Service[];
  /** For its pod. Absent fields are those of the pipeline. */
  kubernetes?: KubernetesSettings;
  timeoutMs?: number;
  pendingTimeoutMs?: number;
  retries?: Retries;
  priority?: number;
  /** The workers that run it: its own pool, or that of its pipeline. Absent: the default pool. */
  pool?: string;
  /**
   * Present if variables or images refer to secrets, outputs or values of the cluster. They are resolved before the job
   * begins.
   */
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

/** One container beside the steps: ready before the first one starts, ended after the last one. */
export interface Service {
  name: string;
  image: string;
  /** All that it gets: variables of the job and of the pipeline are not meant for it. */
  env?: Env;
  command?: readonly string[];
  args?: readonly string[];
  resources?: Resources;
  /** Absent: it is ready once its container runs. */
  ready?: Readiness;
}

/** A check that is repeated until it succeeds, and how long that may take from the start of the container. */
export type Readiness = ReadyCheck & { timeoutMs: number };

/**
 * A script that exits with 0 in the service's container, run by `/bin/sh -e -c`; a GET that is answered with a status
 * from 200 to 399; or a port that accepts connections.
 */
export type ReadyCheck = { run: string } | { http: { port: number; path: string } } | { tcp: number };

/** An object of Kubernetes, or a part of one, as it was written. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/** How the pod of an attempt is made. Names, labels and tolerations are checked; the rest only the API server knows. */
export interface KubernetesSettings {
  namespace?: string;
  serviceAccount?: string;
  nodeSelector?: Readonly<Record<string, string>>;
  tolerations?: readonly KubernetesObject[];
  affinity?: KubernetesObject;
  /** Names of Secrets. */
  imagePullSecrets?: readonly string[];
  /** Without those that chainr sets itself (`isOwnPodLabel`). */
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  priorityClassName?: string;
  runtimeClassName?: string;
  /** Each has a `name`. */
  volumes?: readonly KubernetesObject[];
  /** In every step. Each has a `name` and a `mountPath`. */
  volumeMounts?: readonly KubernetesObject[];
  /** A part of a Pod, merged into the pod as a strategic merge patch. */
  podPatch?: KubernetesObject;
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

/** The part of a pipeline that is stored for all its jobs. */
export function sharedPlan({ env = {}, kubernetes = {} }: Pipeline): SharedPlan {
  return {
    ...(Object.keys(env).length > 0 && { env }),
    ...(Object.keys(kubernetes).length > 0 && { kubernetes }),
  };
}

/** The part of a job that is stored for workers. Its edges are stored separately, as bits. */
export function jobPlan(job: Job): JobPlan {
  const { dependsOn: _edges, ...plan } = job;
  return plan;
}
