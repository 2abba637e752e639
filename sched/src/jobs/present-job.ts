import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type { Attempt, Job, RuntimeResource } from '@chainr/core/api/contract/job-resource';
import { routePath } from '@chainr/core/api/contract/route';
import { routes } from '@chainr/core/api/contract/routes';
import type { JobPlan } from '@chainr/core/pipeline/pipeline';
import type { Outputs, StepOutcome } from '@chainr/core/engine/outcome';
import type { Runtime } from '@chainr/core/engine/runtime';
import {
  phases,
  type AttemptRecord,
  type JobRecord,
  type ReusedAttempt,
  type RunUid,
} from '@chainr/core/engine/records';

/** What belongs to a job beside its row. */
export interface JobDetails {
  attempts: readonly AttemptRecord[];
  /** Has the titles and the pool. */
  plan: JobPlan | undefined;
  outputs?: Outputs | undefined;
  reused?: ReusedAttempt | undefined;
}

/** A job with all its attempts as the API shows it. */
export function presentJob(uid: RunUid, job: JobRecord, { attempts, plan, outputs, reused }: JobDetails): Job {
  const titles = new Map(plan?.steps.map(({ name, title }) => [name, title]));
  return {
    kind: 'Job',
    metadata: {
      selfLink: routePath(routes.getJob, { uid, job: job.name }),
      run: uid,
      name: job.name,
      ...(plan?.title !== undefined && { title: plan.title }),
      ...(plan?.pool !== undefined && { pool: plan.pool }),
    },
    status: job.status,
    reason: job.reason,
    message: job.message,
    attempts: attempts.map((attempt) => presentAttempt(attempt, titles)),
    ...(reused && { reusedFrom: { run: reused.run, attempt: reused.attempt } }),
    ...(outputs && { outputs }),
  };
}

/** The title of each step that has one, by its name. */
type Titles = ReadonlyMap<string, string | undefined>;

function presentAttempt(record: AttemptRecord, titles: Titles): Attempt {
  const { attempt, status, reason, message, exitCode, steps, executorId, runtime } = record;
  const reached = phases.flatMap((phase) => {
    const at = record.phases[phase];
    return at === undefined ? [] : [[phase, isoTime(at)] as const];
  });
  return {
    attempt,
    status,
    reason,
    message,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(steps === undefined ? {} : { steps: steps.map((step) => presentStep(step, titles.get(step.name))) }),
    phases: Object.fromEntries(reached),
    ...(executorId === undefined ? {} : { executorId }),
    ...(runtime && { runtime: presentRuntime(runtime) }),
  };
}

const presentRuntime = (runtime: Runtime): RuntimeResource => ({
  ...runtime,
  events: runtime.events.map((event) => ({ ...event, time: isoTime(event.time) })),
});

function presentStep({ name, startedAt, endedAt, ...rest }: StepOutcome, title: string | undefined) {
  return {
    name,
    ...(title !== undefined && { title }),
    ...rest,
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}
