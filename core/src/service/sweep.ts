/** What one pass did. */
export interface Swept {
  /** How many things it put right. */
  changed: number;
  /** How long the oldest thing that it found was overdue, in milliseconds; 0 if it found none. */
  lagMs?: number;
}

/** One concern of housekeeping. Sweeps are idempotent, and safe beside other replicas' sweeps. */
export interface Sweep {
  readonly name: string;
  /** The crash window that it closes: which process, killed between what and what, leaves what behind. */
  readonly window: string;
  /** The pause between two passes, in milliseconds. */
  readonly everyMs: number;
  /** One pass, bounded in what it does. */
  sweep(): Promise<Swept>;
}
