import { formatRoundedDuration } from '@chainr/core/pipeline/duration';

const two = (number: number): string => String(number).padStart(2, '0');

/** The local time of day of an ISO time, with milliseconds. */
export function formatClock(isoTime: string): string {
  const time = new Date(isoTime);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** How long it took from one ISO time to another, or to now. */
export function durationBetween(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return '-';
  return formatRoundedDuration((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from));
}
