import type { JobPlan } from '@chainr/core/pipeline/pipeline';
import type { RunUid } from '@chainr/core/engine/records';
import { defaultPendingTimeoutMs, retryPolicy, type RetryPolicy } from '@chainr/core/engine/retries';
import { podSettings } from '@chainr/core/pipeline/pod-settings';
import { resolveServices, type ServiceSpec, type WrittenService } from '@chainr/core/pipeline/services';
import { resolveSteps, type StepSpec, type WrittenStep } from '@chainr/core/pipeline/steps';
import { parseClaimedRunInfo, type ClaimedRunInfo } from '@chainr/core/store/runs/run-info';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { Deadlines } from '@chainr/core/store/script/transition-types';
import type { AttemptSpec } from '@chainr/executor/port';

/** The steps and services as written, and the jobs whose outputs they name. */
export interface PendingReferences {
  steps: readonly WrittenStep[];
  services: readonly WrittenService[];
  /** Job name → index. */
  outputsOf: Readonly<Record<string, number>>;
}

/** What to run, and how long it may take. */
export interface ResolvedAttempt {
  /** Without variables and images if there are `references`. */
  spec: AttemptSpec;
  references?: PendingReferences;
  deadlines: Deadlines;
  retries?: RetryPolicy;
}

/**
 * Turns what claims return into what executors need. The data of a run is parsed once, and kept while any attempt of
 * the run is here.
 */
export class AttemptSpecs {
  readonly #infos = new Map<RunUid, { info: ClaimedRunInfo; users: number }>();

  /** Call it once for every attempt that this worker gets, and `release` when it drops it. */
  resolve({ lease, job, plan, info }: ClaimedAttempt): ResolvedAttempt {
    const known = this.#infos.get(lease.run) ?? { info: parseClaimedRunInfo(info), users: 0 };
    known.users += 1;
    this.#infos.set(lease.run, known);
    const jobPlan = JSON.parse(plan) as JobPlan;
    const { timeoutMs, pendingTimeoutMs = defaultPendingTimeoutMs, retries, references } = jobPlan;
    const { env, kubernetes: shared, name: pipeline = '' } = known.info;
    const steps = resolveSteps(jobPlan, env);
    const services = resolveServices(jobPlan);
    const kubernetes = shared || jobPlan.kubernetes ? podSettings(shared, jobPlan.kubernetes) : undefined;
    // Without `references` all values are plain texts.
    const ready = { steps: steps as StepSpec[], services: services as ServiceSpec[] };
    if (references) {
      ready.steps = steps.map((step) => ({ ...step, env: {} }));
      ready.services = services.map((service) => ({ ...service, env: {} }));
    }
    return {
      spec: {
        run: lease.run,
        job,
        attempt: lease.attempt,
        pipeline,
        steps: ready.steps,
        ...(services.length > 0 && { services: ready.services }),
        ...(kubernetes && { kubernetes }),
      },
      ...(references && { references: { steps, services, ...references } }),
      deadlines: { pendingTimeoutMs, ...(timeoutMs !== undefined && { timeoutMs }) },
      ...(retries !== undefined && { retries: retryPolicy(retries) }),
    };
  }

  release(run: RunUid): void {
    const known = this.#infos.get(run);
    if (!known) return;
    known.users -= 1;
    if (known.users === 0) this.#infos.delete(run);
  }
}
