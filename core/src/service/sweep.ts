/** What one pass did. */
export interface Swept {
  /** How many things it put right. */
  changed: number;
  /** The age of the oldest thing that it found overdue, in milliseconds; absent: nothing was. */
  lagMs?: number;
}

/** One concern of housekeeping. Sweeps are idempotent, and safe beside other replicas' sweeps. */
export interface Sweep {
  readonly name: string;
  /** The crash window that it closes: which process, killed between what and what, leaves what behind. */
  readonly window: string;
  /** The pause between two passes, in milliseconds. */
  readonly everyMs: number;
  /** One pass; a long one ends early when aborted. */
  readonly sweep: (signal: AbortSignal) => Promise<Swept>;
}
