import { z } from 'zod';

/** The body of what needs none. */
export const emptyBodySchema = z.strictObject({});

/** What of a run is to run again. */
export const rerunRequestSchema = z
  .strictObject({
    from: z
      .union([z.enum(['failed', 'all']), z.array(z.string().max(1_000)).min(1).max(10_000)], {
        error: 'must be "failed", "all" or a list of names of jobs',
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
