const form = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,3})?)?(?:Z|[-+](\d\d):(\d\d))?)?$/;

/**
 * The time that an ISO 8601 text names, such as `2026-11-21`, `2026-11-21T01:44Z` or `2026-11-21T01:44:00.123+02:00`;
 * milliseconds since 1970. A day alone begins in UTC. Undefined where the text is none, also for days and hours that do
 * not exist: `Date.parse` takes 31 February for 3 March.
 */
export function parseMoment(text: string): number | undefined {
  const [, ...fields]: (string | undefined)[] = form.exec(text) ?? [];
  if (fields.length === 0) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = fields.map(
    (digits) => Number(digits ?? 0),
  );
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const isTime = hour < 24 && minute < 60 && second < 60 && offsetHour < 24 && offsetMinute < 60;
  return exists && isTime ? Date.parse(text) : undefined;
}
