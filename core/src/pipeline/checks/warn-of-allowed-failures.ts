import { hasCondition } from '../conditions.js';
import type { Warn } from '../mistakes.js';
import type { Pipeline } from '../pipeline.js';

/**
 * `allowFailure` changes only the verdict of the run; users of other systems expect dependents to run too. Warns of a
 * job that waits for the success of such a job, and names the conditions that let it run either way.
 */
export function warnOfAllowedFailures({ jobs }: Pipeline, warn: Warn): void {
  const allowed = new Set(jobs.flatMap(({ name, allowFailure }) => (allowFailure ? [name] : [])));
  if (allowed.size === 0) return;
  for (const { name, dependsOn } of jobs) {
    for (const [entry, { job, mask }] of dependsOn.entries()) {
      if (!allowed.has(job) || hasCondition(mask, 'failure') || !hasCondition(mask, 'success')) continue;
      warn(
        ['jobs', name, 'dependsOn', entry],
        `"${job}" has allowFailure, which changes only the final status of the run: if it fails, this job is skipped. ` +
          `To run this job anyway, write { job: ${job}, conditions: { success: true, failure: true } }`,
      );
    }
  }
}
