import { z } from 'zod';
import { suggestion } from '../../pipeline/did-you-mean.js';
import { durationPattern, parseDuration } from '../../pipeline/duration.js';
import { quote } from '../../pipeline/mistakes.js';
import { momentPattern, parseMoment } from './moment.js';
import { visibleText } from './headers.js';
import { labelSelector } from '../../pipeline/names.js';
import { runStatuses } from '../../engine/states.js';
import { runStatusSchema } from './run-resource.js';

/** A list parameter: repeated, or one value separated by commas. */
const words = z
  .union([z.string(), z.array(z.string())])
  .transform((sent) => [sent].flat().flatMap((text) => text.split(',').map((word) => word.trim())));

/** @param mistake returns a sentence about a wrong word, or undefined */
function wordsThat(mistake: (word: string) => string | undefined) {
  return words.superRefine((sent, context) => {
    for (const word of sent) {
      const message = mistake(word);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }
  });
}

const statusNames: readonly string[] = runStatuses;

const status = wordsThat((word) => {
  if (statusNames.includes(word.toUpperCase())) return undefined;
  const near = suggestion(word.toUpperCase(), statusNames);
  return `${quote(word)} is not a status of a run${near || `; use one of ${statusNames.join(', ')}`}`;
})
  .transform((sent) => sent.map((word) => word.toUpperCase()))
  .pipe(z.array(runStatusSchema));

const label = wordsThat((word) =>
  labelSelector.test(word) ? undefined : `${quote(word)} is not a label: write KEY=VALUE or KEY`,
).pipe(z.array(z.string().regex(labelSelector)));

const name = z
  .string({ error: 'must be given once' })
  .min(1, 'must not be empty; "*" matches every run that has a name')
  .regex(/^[-a-z0-9.]{0,253}\*?$/, 'must be the name of a pipeline, or its beginning followed by "*"');

/** What a caller that reconciles calls a run (see External ids). */
export const externalIdSchema = z
  .string({ error: 'must be given once' })
  .regex(visibleText, 'must be 1 to 255 visible ASCII characters without spaces');

const noMoment = 'must be a time such as 2026-11-21T01:44:00Z (write "+" as %2B) or an age such as 24h';

/** A time, or how long ago: 1 ms to 365 days. */
const moment = z
  .string({ error: 'must be given once' })
  .regex(new RegExp(`${momentPattern.source}|${durationPattern.source}`), { error: noMoment, abort: true })
  .refine((text) => parseDuration(text) !== undefined || parseMoment(text) !== undefined, noMoment)
  .meta({ examples: ['2026-11-21T01:44:00Z', '2026-11-21', '24h', '1h30m'] });

/** Selects runs: part of the query of lists and of bulk operations. */
export const runFilterFields = {
  status: status.optional().describe('Only runs in one of these statuses, separated by commas. Lower case works too.'),
  name: name
    .optional()
    .describe('Only runs of pipelines with this name; `night*` matches names that begin with `night`.'),
  externalId: externalIdSchema.optional().describe('Only the run that was submitted with this external id.'),
  label: label
    .optional()
    .describe(
      'Only runs with this label: `KEY=VALUE`, or `KEY` with any value. If several are given, separated by commas or repeated, a run must have all of them.',
    ),
  since: moment
    .optional()
    .describe('Only runs created at or after this time: a time, or an age such as `24h`, at most 365 days.'),
  until: moment
    .optional()
    .describe('Only runs created before this time: a time, or an age such as `24h`, at most 365 days.'),
};

/** The filter as a handler gets it. */
export type RunFilterQuery = z.output<z.ZodObject<typeof runFilterFields>>;

/**
 * Reads a `since` or `until`; returns milliseconds since 1970.
 * @param now "ago" counts back from this
 */
export function readMoment(text: string, now: number): number {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return now - agoMs;
  const moment = parseMoment(text);
  if (moment === undefined) throw new Error(`${text} is no time: the query was not checked`);
  return moment;
}
