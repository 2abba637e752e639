import { z } from 'zod';

/** A valid date; 29 February only in leap years. */
const day = z.regexes.date.source.slice(1, -1);
const hour = String.raw`(?:[01]\d|2[0-3])`;
const minute = String.raw`[0-5]\d`;

/** The ISO 8601 forms that `parseMoment` reads: a date, or a date and time with an optional offset. */
export const momentPattern = new RegExp(
  String.raw`^${day}(?:T${hour}:${minute}(?::${minute}(?:\.\d{1,3})?)?(?:Z|[-+]${hour}:${minute})?)?$`,
);

/**
 * Reads an ISO 8601 text such as `2026-11-21`, `2026-11-21T01:44Z` or `2026-11-21T01:44:00.123+02:00`; returns
 * milliseconds since 1970. A date alone means its start in UTC. Returns undefined for anything else, including dates
 * and hours that do not exist: `Date.parse` alone reads 31 February as 3 March.
 */
export function parseMoment(text: string): number | undefined {
  return momentPattern.test(text) ? Date.parse(text) : undefined;
}
