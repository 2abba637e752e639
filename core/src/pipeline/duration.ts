const units = [
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
    const size = units.find(([name]) => name === unit)?.[1] ?? 0;
    return sum + Number(count) * size;
  }, 0);
  return ms >= 1 && ms <= longestDurationMs ? ms : undefined;
}

/** The shortest text that `parseDuration` reads as `ms`; `0s` for 0. Takes whole milliseconds. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${String(count)}${name}`;
  }
  return text === '' ? '0s' : text;
}

/** A duration for a person, in its two largest units: `850 ms`, `3 s`, `1 h 30 min`. Must match `lua/operations/retry.lua`. */
export function describeDuration(ms: number): string {
  if (ms < 1_000) return `${String(Math.round(ms))} ms`;
  let rest = ms;
  const parts: string[] = [];
  for (const [name, size] of units.slice(0, -1)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${String(count)} ${name === 'm' ? 'min' : name}`);
  }
  return parts.slice(0, 2).join(' ');
}
