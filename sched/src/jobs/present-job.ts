import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type { Attempt, Job } from '@chainr/core/api/contract/job-resource';
import { routePath } from '@chainr/core/api/contract/route';
import { routes } from '@chainr/core/api/contract/routes';
import type { Outputs, StepOutcome } from '@chainr/core/engine/outcome';
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
  outputs?: Outputs | undefined;
  reused?: ReusedAttempt | undefined;
}

/** A job with all its attempts as the API shows it. */
export function presentJob(uid: RunUid, job: JobRecord, { attempts, outputs, reused }: JobDetails): Job {
  return {
    kind: 'Job',
    metadata: { selfLink: routePath(routes.getJob, { uid, job: job.name }), run: uid, name: job.name },
    status: job.status,
    reason: job.reason,
    message: job.message,
    attempts: attempts.map(presentAttempt),
    ...(reused && { reusedFrom: { run: reused.run, attempt: reused.attempt } }),
    ...(outputs && { outputs }),
  };
}

function presentAttempt(record: AttemptRecord): Attempt {
  const { attempt, status, reason, message, exitCode, steps, executorId } = record;
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
    ...(steps === undefined ? {} : { steps: steps.map(presentStep) }),
    phases: Object.fromEntries(reached),
    ...(executorId === undefined ? {} : { executorId }),
  };
}

function presentStep({ startedAt, endedAt, ...rest }: StepOutcome) {
  return {
    ...rest,
    ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
  };
}
