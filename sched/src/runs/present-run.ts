import { isoTime } from '@chainr/core/api/contract/field-schemas';
import { routePath } from '@chainr/core/api/contract/route';
import { routes } from '@chainr/core/api/contract/routes';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import type { JobRecord, RunRecord } from '@chainr/core/engine/records';

/** The title of each job; undefined for one without. */
type Titles = readonly (string | undefined)[];

/**
 * A run and its first jobs as the API shows them.
 *
 * @param titles of these jobs, if they are to be shown
 */
export function presentRun(run: RunRecord, jobs: readonly JobRecord[], titles: Titles = []): Run {
  return {
    kind: 'Run',
    metadata: {
      selfLink: routePath(routes.getRun, { uid: run.uid }),
      uid: run.uid,
      ...(run.name === undefined ? {} : { name: run.name }),
      ...(run.title === undefined ? {} : { title: run.title }),
      ...(run.externalId === undefined ? {} : { externalId: run.externalId }),
      labels: { ...run.labels },
      createdAt: isoTime(run.createdAt),
      ...(run.startedAt === undefined ? {} : { startedAt: isoTime(run.startedAt) }),
      ...(run.endedAt === undefined ? {} : { endedAt: isoTime(run.endedAt) }),
      pool: run.pool,
      ...(run.cancelRequestedAt === undefined ? {} : { cancelRequestedAt: isoTime(run.cancelRequestedAt) }),
      ...(run.timedOutAt === undefined ? {} : { timedOutAt: isoTime(run.timedOutAt) }),
      ...(run.priority === 0 ? {} : { priority: run.priority }),
      ...(run.maxParallel === undefined ? {} : { maxParallel: run.maxParallel }),
      ...(run.timeoutMs === undefined ? {} : { timeoutMs: run.timeoutMs }),
      ...(run.rerunOf === undefined ? {} : { rerunOf: run.rerunOf }),
    },
    status: run.status,
    jobs: presentJobSummaries(jobs, titles),
    jobCounts: { ...run.jobCounts },
    jobsTruncated: jobs.length < run.jobCount,
  };
}

export function presentJobSummaries(jobs: readonly JobRecord[], titles: Titles): JobSummary[] {
  return jobs.map(({ name, status, reason, message }, at) => {
    const title = titles[at];
    return { name, ...(title !== undefined && { title }), status, reason, message };
  });
}
