import { z } from 'zod';

/** A day that exists, 29 February in leap years only. */
const day = z.regexes.date.source.slice(1, -1);
const hour = String.raw`(?:[01]\d|2[0-3])`;
const minute = String.raw`[0-5]\d`;

/** The forms of ISO 8601 that `parseMoment` reads: a day, or a day and a time of it, perhaps with where that is. */
export const momentPattern = new RegExp(
  String.raw`^${day}(?:T${hour}:${minute}(?::${minute}(?:\.\d{1,3})?)?(?:Z|[-+]${hour}:${minute})?)?$`,
);

/**
 * The time that an ISO 8601 text names, such as `2026-11-21`, `2026-11-21T01:44Z` or `2026-11-21T01:44:00.123+02:00`;
 * milliseconds since 1970. A day alone begins in UTC. Undefined where the text is none, also for days and hours that do
 * not exist: `Date.parse` alone takes 31 February for 3 March.
 */
export function parseMoment(text: string): number | undefined {
  return momentPattern.test(text) ? Date.parse(text) : undefined;
}
