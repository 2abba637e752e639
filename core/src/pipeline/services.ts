import type { Env, JobPlan, Pull, Service } from './pipeline.js';
import type { FilledEnv } from './steps.js';

/** A service with what it inherits from its job. References are not yet resolved. */
export interface WrittenService extends Service {
  env: Env;
  /** As for the steps of the job. */
  pull?: Pull;
}

/** A service with its references resolved: what an executor runs beside the steps. */
export interface ServiceSpec extends Omit<WrittenService, 'env'>, FilledEnv {}

/**
 * The names under which a job's output is in its log: those of its steps, then those of its services. A frame of a log
 * has the index in this list, so its order is part of the state format.
 */
export function logNames({ steps, services = [] }: { steps: readonly Named[]; services?: readonly Named[] }): string[] {
  return [...steps, ...services].map(({ name }) => name);
}

interface Named {
  name: string;
}

/** The services of a job, in the order in which they start. They get no variables but their own. */
export function resolveServices({ services = [], pull }: JobPlan): WrittenService[] {
  return services.map((service) => ({ ...service, env: service.env ?? {}, ...(pull && { pull }) }));
}
