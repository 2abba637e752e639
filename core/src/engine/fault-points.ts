/**
 * The points in the life of an attempt at which a test can freeze, kill or cut off a worker. After each of them the
 * worker may never come back. In production nothing happens at them.
 */
export const faultPoints = [
  /** The reply to the claim has arrived and nothing was done with it. */
  'after-claim',
  /** The executor has created what it will start (an attempt's folder, a container), under the attempt's name. */
  'after-create',
  /** The executor has started it. */
  'after-start',
  /** A step has ended and the next one has not begun. Only on executors whose worker starts each step. */
  'between-steps',
  /** A part of the log is stored. */
  'after-log-append',
  /** The outcome is known and the whole log stored, but the next attempt is not yet recorded. */
  'before-next-attempt',
  /** The outcome is known, but its report is not yet sent. */
  'before-finish',
  /** The end is recorded. */
  'after-finish',
  /** The end mark of the log is stored, but the attempt is not yet closed. */
  'before-close',
] as const;
export type FaultPoint = (typeof faultPoints)[number];

/** Called when a point is reached. */
export type FaultHook = (point: FaultPoint) => void;

export const noFaults: FaultHook = () => undefined;
