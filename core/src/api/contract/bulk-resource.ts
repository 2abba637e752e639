import { z } from 'zod';

/** The most runs that one bulk request handles. */
export const bulkRuns = 500;
/** The most skipped runs that one answer names. */
export const bulkSkippedShown = 100;

/** The result of a bulk operation. */
export const bulkResultSchema = z
  .object({
    kind: z.literal('BulkResult'),
    dryRun: z.boolean().describe('Nothing was changed; the result shows what would be.'),
    matched: z
      .int()
      .describe(
        'Number of matching runs in this request; if `stopped` is set, the number processed before it stopped.',
      ),
    done: z.int().describe('Number of runs changed; with `dryRun`, the number that would be changed.'),
    skipped: z
      .array(z.object({ uid: z.string(), message: z.string().describe('Why the run was skipped, in one sentence.') }))
      .describe('Runs that were not changed, at most the first 100.'),
    made: z
      .array(z.object({ uid: z.string(), rerunOf: z.string() }))
      .optional()
      .describe('The new runs, if runs were rerun.'),
    stopped: z
      .string()
      .optional()
      .describe(
        'Why the request ended early, in one sentence. The remaining runs are unchanged; continue with `next`.',
      ),
    next: z
      .string()
      .optional()
      .describe('There may be more runs. To continue, repeat the request with this value as `cursor`.'),
  })
  .meta({ id: 'BulkResult' });
export type BulkResult = z.infer<typeof bulkResultSchema>;

/** A deleted run. */
export const deletionSchema = z.object({ kind: z.literal('Deletion'), run: z.string() }).meta({ id: 'Deletion' });
export type Deletion = z.infer<typeof deletionSchema>;
