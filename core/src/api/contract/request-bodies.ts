import { z } from 'zod';
import { pipelineLimits } from '../../pipeline/limits.js';

/** How large a body may be that has no field, or one word. */
export const smallBodyBytes = 4 * 1024;
/** How large a body may be that names jobs: 10,000 of the longest names take less. */
export const namesBodyBytes = 1024 * 1024;

/** The body of what needs none. */
export const emptyBodySchema = z.strictObject({});

/** The length is looked at before the names are, of which each wrong one is an object. */
const jobNames = z
  .array(z.unknown())
  .max(pipelineLimits.jobs)
  .pipe(z.array(z.string().max(1_000)).min(1).max(pipelineLimits.jobs));

/** What of a run is to run again. */
export const rerunRequestSchema = z
  .strictObject({
    from: z
      .union([z.enum(['failed', 'all']), jobNames], {
        error: `must be "failed", "all" or a list of up to ${String(pipelineLimits.jobs)} names of jobs`,
      })
      .default('failed')
      .describe(
        '`failed`: every job that FAILED or was CANCELED, `all`, or these jobs; each with all jobs that wait for it. The rest is taken over.',
      ),
  })
  .meta({ id: 'RerunRequest' });

/** The same of many runs, which have no job in common. */
export const bulkRerunRequestSchema = z
  .strictObject({
    from: z
      .enum(['failed', 'all'], { error: 'must be "failed" or "all"' })
      .default('failed')
      .describe(
        '`failed`: of each run every job that FAILED or was CANCELED, with all jobs that wait for it; or `all`.',
      ),
  })
  .meta({ id: 'BulkRerunRequest' });
