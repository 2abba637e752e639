import type { Position } from '../../port.js';

/**
 * How far the log of a container was read: the time of the last line, as the kubelet writes it, its number among the lines
 * of that time (from 1), and how many bytes of it were read if it has not ended. The number 0 stands for no line: what
 * comes from that time on was not read, and the log says that something before it may be missing.
 */
export type Mark = readonly [timestamp: string, ordinal: number, bytes?: number];

/** Of a container whose log says that its end may be missing: nothing more is read of it. */
export const noMore: Mark = ['', -1];

export const isNoMore = (mark: Mark | undefined): boolean => mark?.[1] === noMore[1];

/** The time of a line as the kubelet writes it, with the zone of its node: RFC 3339, at most 35 characters. */
const timestampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const timestampStart = /^\d{1,4}(?:-[\d:T.+Z-]*)?$/;
export const longestTimestamp = 35;

/** How far lines are out of the order of their times: the runtime notes the time before it waits for its turn to write. */
export const disorderMs = 1_000;

export const isTimestamp = (text: string): boolean => timestampPattern.test(text);

/** Whether a text may be the beginning of a time. */
export const beginsTimestamp = (text: string): boolean => timestampStart.test(text);

/** The nanoseconds since 1970 of a time. Times of one log may have several zones: clocks change twice a year. */
export function nanosOf(timestamp: string): bigint {
  const [, seconds = '', fraction = '', zone = ''] = timestampPattern.exec(timestamp) ?? [];
  return BigInt(Date.parse(seconds + zone)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

export function parsePosition(position: Position, count: number): (Mark | undefined)[] {
  const read: unknown = position === '' ? [] : JSON.parse(position);
  if (!Array.isArray(read)) throw new Error(`"${position}" is not a position of the Kubernetes executor.`);
  return Array.from({ length: count }, (_, index) => (read[index] as Mark | null | undefined) ?? undefined);
}

/** Containers at the end that have not written anything are left out. */
export function formatPosition(marks: readonly (Mark | undefined)[]): Position {
  const last = marks.findLastIndex((mark) => mark !== undefined);
  return JSON.stringify(marks.slice(0, last + 1).map((mark) => mark ?? null));
}

/** Milliseconds since 1970, in whole seconds, which is how the API tells when a container began. */
export const secondOf = ([timestamp]: Mark): number => Math.floor(Date.parse(timestamp) / 1000) * 1000;

/**
 * From when on the log is asked for. The API takes whole seconds only, and lines behind the mark may have an earlier time.
 * What was read before comes again and is dropped.
 */
export const sinceTimeOf = (mark: Mark | undefined): string | undefined =>
  mark && `${new Date(secondOf(mark) - disorderMs).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length)}Z`;
