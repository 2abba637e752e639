import { secondOf, type Mark } from './log-position.js';
import type { Begun, Readable } from './log-source.js';

/** The container of a source that was read last. */
export interface LastRead {
  container: string;
  restarts: number;
  /** Whether all of it was read, after its end. */
  isDone: boolean;
}

/** Which container is read next, and from where. */
export interface NextReading extends Begun {
  from: Mark | undefined;
  /** It is not the present container, but the one before. */
  isPrevious: boolean;
  /** Containers before it are gone, and nobody knows whether all of them was read. */
  hasGap: boolean;
}

/**
 * The kubelet starts a service again that exits, and keeps the log of one container before the present one: that is read to
 * its end first. A mark does not say which container it is of. They follow one another, so the second in which each began
 * tells that.
 * @param last undefined: this reader has read nothing of it, though another worker may have
 */
export function nextReading(sight: Readable, mark: Mark | undefined, last: LastRead | undefined): NextReading {
  const { container, before, startedAt, endedAt, restarts } = sight;
  const markedAt = mark ? secondOf(mark) : -Infinity;
  const present = { container, startedAt, endedAt, from: mark, isPrevious: false, hasGap: false };
  if (restarts === 0 || last?.container === container || markedAt > startedAt) return present;
  if (!last && markedAt === startedAt) return present;
  if (before) {
    const previous = { ...before, from: mark, isPrevious: true, hasGap: false };
    if (last?.container === before.container) return last.isDone ? { ...present, from: undefined } : previous;
    if (!last && markedAt >= before.startedAt) return previous;
  }
  const first = before ?? { container, startedAt, endedAt };
  const earlier = restarts - (before ? 1 : 0);
  const hasGap = last ? !last.isDone || earlier > last.restarts + 1 : mark !== undefined || earlier > 0;
  return {
    ...first,
    from: hasGap ? [new Date(first.startedAt).toISOString(), 0] : undefined,
    isPrevious: before !== undefined,
    hasGap,
  };
}
