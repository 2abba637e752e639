import { z } from 'zod';

/** How many runs one request does something to at most. */
export const bulkRuns = 500;
/** How many of the runs that were left alone one answer names at most. */
export const bulkSkippedShown = 100;

/** What came of something that was to be done to many runs. */
export const bulkResultSchema = z
  .object({
    kind: z.literal('BulkResult'),
    dryRun: z.boolean().describe('Nothing was done: this is what would be.'),
    matched: z.int().describe('How many runs this request found; with `stopped`, how many it came to.'),
    done: z.int().describe('To how many of them it was done; with `dryRun`, would be.'),
    skipped: z
      .array(z.object({ uid: z.string(), message: z.string().describe('Why not: one plain sentence.') }))
      .describe('The others, the first 100 of them.'),
    made: z
      .array(z.object({ uid: z.string(), rerunOf: z.string() }))
      .optional()
      .describe('The new runs, where runs were rerun.'),
    stopped: z
      .string()
      .optional()
      .describe('Why the request ended early: one plain sentence. The rest is as it was; `next` goes on there.'),
    next: z.string().optional().describe('There may be more runs: send the request again with this as its `cursor`.'),
  })
  .meta({ id: 'BulkResult' });
export type BulkResult = z.infer<typeof bulkResultSchema>;

/** A run that is gone. */
export const deletionSchema = z.object({ kind: z.literal('Deletion'), run: z.string() }).meta({ id: 'Deletion' });
export type Deletion = z.infer<typeof deletionSchema>;
