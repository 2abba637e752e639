/**
 * The places in the life of an attempt at which a test can freeze, kill or cut off a worker: each is
 * a moment after which it may never come back. In what is shipped nothing happens at any of them.
 */
export const faultPoints = [
  /** The claim's reply is here; nothing was done with it. */
  'after-claim',
  /** The executor has made what it is about to start (an attempt's folder, a container), under the attempt's name. */
  'after-create',
  /** The executor has started it. */
  'after-start',
  /** A step has ended, and the next one is not yet begun (executors whose worker begins each step). */
  'between-steps',
  /** A part of the log is stored. */
  'after-log-append',
  /** The outcome is seen and all of the log stored; that another attempt follows is not yet recorded. */
  'before-next-attempt',
  /** The outcome is seen; its report is not yet sent. */
  'before-finish',
  /** The end is recorded. */
  'after-finish',
  /** The end mark of the log is stored; the attempt is not yet closed. */
  'before-close',
] as const;
export type FaultPoint = (typeof faultPoints)[number];

/** Called at each point as it is reached. */
export type FaultHook = (point: FaultPoint) => void;

export const noFaults: FaultHook = () => undefined;
