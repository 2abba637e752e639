import { z } from 'zod';
import { pipelineLimits } from '../../pipeline/limits.js';

/** The size limit of a body that has no fields, or one word. */
export const smallBodyBytes = 4 * 1024;
/** The size limit of a body that names jobs. 10,000 of the longest names are smaller. */
export const namesBodyBytes = 1024 * 1024;

/** The body of a request that needs none. */
export const emptyBodySchema = z.strictObject({});

/** The length is checked before the names, since every wrong name costs an object. */
const jobNames = z
  .array(z.unknown())
  .max(pipelineLimits.jobs)
  .pipe(z.array(z.string().max(1_000)).min(1).max(pipelineLimits.jobs));

/** Selects the jobs to run again. */
export const rerunRequestSchema = z
  .strictObject({
    from: z
      .union([z.enum(['failed', 'all']), jobNames], {
        error: `must be "failed", "all" or a list of up to ${String(pipelineLimits.jobs)} names of jobs`,
      })
      .default('failed')
      .describe(
        'Jobs to run again: `failed` (every job that FAILED or was CANCELED), `all`, or a list of jobs; in each case also all jobs that wait for them. The results of the other jobs are reused.',
      ),
  })
  .meta({ id: 'RerunRequest' });

/** The same for many runs, which have no jobs in common. */
export const bulkRerunRequestSchema = z
  .strictObject({
    from: z
      .enum(['failed', 'all'], { error: 'must be "failed" or "all"' })
      .default('failed')
      .describe(
        'Jobs of each run to run again: `failed` (every job that FAILED or was CANCELED, and all jobs that wait for them) or `all`.',
      ),
  })
  .meta({ id: 'BulkRerunRequest' });
