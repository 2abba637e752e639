/** The units, the larger first, with their milliseconds. */
export const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** 365 days. */
export const longestDurationMs = 365 * 86_400_000;

/** Whole numbers with the units d, h, m, s, ms, each at most once, larger units first. */
export const durationPattern = /^(?=\d)(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}s)?(?:\d{1,11}ms)?$/;

/**
 * The milliseconds of a duration such as `90s`, `30m`, `1h30m` or `500ms`: from 1 ms to 365 days. Undefined if the text
 * is not such a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  const ms = [...text.matchAll(/(\d+)(ms|[dhms])/g)].reduce((sum, [, count, unit]) => {
    const size = durationUnits.find(([name]) => name === unit)?.[1] ?? 0;
    return sum + Number(count) * size;
  }, 0);
  return ms >= 1 && ms <= longestDurationMs ? ms : undefined;
}

/**
 * Exactly `ms`, in the form that `parseDuration` reads: for what somebody has set, such as a timeout, and for what
 * follows from it, such as a backoff. `1h30m`, `1m500ms`, `0s`.
 *
 * @param ms whole milliseconds
 */
export function formatExactDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [name, size] of durationUnits) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${String(count)}${name}`;
  }
  return text === '' ? '0s' : text;
}

/**
 * About `ms`, in one or two units: for measured times, such as how long a job took. `850ms`, `1.2s`, `3m05s`, `2h10m`,
 * `5d3h`. A negative time, from two clocks that differ, is `0ms`.
 */
export function formatRoundedDuration(ms: number): string {
  const rounded = Math.max(0, Math.round(ms));
  if (rounded < 1_000) return `${String(rounded)}ms`;
  if (rounded < 59_950) return `${(rounded / 1_000).toFixed(1)}s`;
  const seconds = Math.max(60, Math.floor(rounded / 1_000));
  if (seconds < 3_600) return `${String(Math.floor(seconds / 60))}m${twoDigits(seconds % 60)}s`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3_600))}h${twoDigits(Math.floor(seconds / 60) % 60)}m`;
  return `${String(Math.floor(seconds / 86_400))}d${String(Math.floor(seconds / 3_600) % 24)}h`;
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');
