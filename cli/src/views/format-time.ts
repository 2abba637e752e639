/** A span in at most two units: `850ms`, `1.2s`, `3m05s`, `2h10m`, `5d3h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${String(Math.round(seconds * 1000))}ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.floor(seconds);
  if (whole < 3600) return `${String(Math.floor(whole / 60))}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${String(Math.floor(whole / 3600))}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${String(Math.floor(whole / 86_400))}d${String(Math.floor(whole / 3600) % 24)}h`;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** The local time of day of an ISO time, with milliseconds. */
export function formatClock(isoTime: string): string {
  const time = new Date(isoTime);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** The span from one ISO time to another, or to now. */
export function spanBetween(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return '-';
  return formatSpan((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from));
}
