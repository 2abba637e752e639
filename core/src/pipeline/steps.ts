import type { ClusterValue, Env, JobPlan, Pull, Resources, Step } from './pipeline.js';

export type { Resources } from './pipeline.js';

/** The name of the only step of a job without steps. */
export const mainStep = 'main';

/**
 * One container of an attempt with everything that it inherits: defaults, pipeline env, job env. References are not yet
 * resolved.
 */
export interface WrittenStep {
  /** The step's name; `main` for a job without steps. */
  name: string;
  image: string;
  /** A shell script; exclusive with `command` and `args`. */
  run?: string;
  /** Program and arguments that run `run`, which is the last argument; absent: `defaultShell`. */
  shell?: readonly string[];
  command?: readonly string[];
  args?: readonly string[];
  /** Without the `CHAINR_*` variables, which the executor adds. */
  env: Env;
  workdir?: string;
  /** `user` or `user:group`, names or ids; absent: the image's own. */
  user?: string;
  pull?: Pull;
  network?: string;
  resources?: Resources;
  /** A failure of this step does not end the attempt. */
  continueOnError: boolean;
}

/** The variables of a container with their references resolved. */
export interface FilledEnv {
  env: Readonly<Record<string, string>>;
  /** Further variables, whose values only the cluster has. */
  clusterEnv?: Readonly<Record<string, ClusterValue>>;
  /** Variables of `env` and `clusterEnv` that the pipeline wrote as `{ secret: NAME }`. */
  secretNames?: readonly string[];
}

/** A step with its references resolved: what an executor runs. */
export interface StepSpec extends Omit<WrittenStep, 'env'>, FilledEnv {}

/**
 * The containers of an attempt in the order in which they run. A variable of the step wins over that of the job, and
 * that over the pipeline's. `workdir` and `resources` of the job apply to steps without their own; they replace each
 * other as a whole.
 */
export function resolveSteps(job: JobPlan, pipelineEnv: Env = {}): WrittenStep[] {
  return job.steps.map((step) => resolveStep(step, job, pipelineEnv));
}

/** Every attempt comes through here, so fields are set one by one: rest and spread of objects cost four times as much. */
function resolveStep(step: Step, job: JobPlan, pipelineEnv: Env): WrittenStep {
  const { name, image, run, command, args, continueOnError = false } = step;
  const resolved: WrittenStep = { name, image, env: { ...pipelineEnv, ...job.env, ...step.env }, continueOnError };
  const { workdir = job.workdir, resources = job.resources, user = job.user, shell = job.shell } = step;
  const { pull, network } = job;
  if (run !== undefined) resolved.run = run;
  if (run !== undefined && shell !== undefined) resolved.shell = shell;
  if (command !== undefined) resolved.command = command;
  if (args !== undefined) resolved.args = args;
  if (workdir !== undefined) resolved.workdir = workdir;
  if (user !== undefined) resolved.user = user;
  if (pull !== undefined) resolved.pull = pull;
  if (network !== undefined) resolved.network = network;
  if (resources !== undefined) resolved.resources = resources;
  return resolved;
}
