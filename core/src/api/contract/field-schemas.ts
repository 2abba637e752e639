import { z } from 'zod';
import { executorKinds } from '../../engine/records.js';

/**
 * A time in the API: ISO 8601 in UTC with milliseconds, such as `2026-11-21T01:44:00.123Z`. Every body uses this form;
 * records inside chainr use milliseconds since 1970.
 */
export const timeSchema = z.iso.datetime({ precision: 3 }).meta({ examples: ['2026-11-21T01:44:00.123Z'] });

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The uid of a run in an address: a UUID in upper or lower case, normalized to lower case. */
export const runUidSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/)
  .toLowerCase()
  .describe('The uid of a run.');

/** The name of a job in an address. A name that no job can have gives 404. */
export const jobNameSchema = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
  .describe('The name of a job.');

/** A whole number in a query, from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const sentence = `must be a whole number from ${String(min)} to ${String(max)}`;
  return z
    .string({ error: sentence })
    .regex(/^\d{1,16}$/, sentence)
    .transform(Number)
    .pipe(z.int().min(min, sentence).max(max, sentence));
}

/** `true` or `false` in a query. */
export const truth = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true')
  .pipe(z.boolean());

/** The start of the next page of a list: `metadata.next` of the page before. */
export const pageCursor = wholeNumber(0, Number.MAX_SAFE_INTEGER).describe(
  'Start of the page: `metadata.next` of the previous page. Default: the first page.',
);

/** Where attempts run. The executor of tests is in no document, since no user can have it. */
export const executorSchema = z.enum(executorKinds).meta({ enum: executorKinds.filter((kind) => kind !== 'fake') });
