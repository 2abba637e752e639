import type { Env, JobPlan, Pull, Resources } from './pipeline.js';

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
  /** A shell script ; exclusive with `command` and `args`. */
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

/** A step with its references resolved: what an executor runs. */
export interface StepSpec extends WrittenStep {
  env: Readonly<Record<string, string>>;
}

/**
 * The containers of an attempt in the order in which they run. A variable of the step wins over that of the job, and
 * that over the pipeline's. `workdir` and `resources` of the job apply to steps without their own; they replace each
 * other as a whole.
 */
export function resolveSteps(job: JobPlan, pipelineEnv: Env = {}): WrittenStep[] {
  return job.steps.map(({ title: _title, shell: ownShell, env, continueOnError, ...step }) => {
    const workdir = step.workdir ?? job.workdir;
    const resources = step.resources ?? job.resources;
    const user = step.user ?? job.user;
    const { pull, network } = job;
    const shell = step.run === undefined ? undefined : (ownShell ?? job.shell);
    return {
      ...step,
      env: { ...pipelineEnv, ...job.env, ...env },
      continueOnError: continueOnError ?? false,
      ...(workdir !== undefined && { workdir }),
      ...(shell && { shell }),
      ...(user !== undefined && { user }),
      ...(pull !== undefined && { pull }),
      ...(network !== undefined && { network }),
      ...(resources !== undefined && { resources }),
    };
  });
}
