/** The result of one pass. */
export interface Swept {
  /** How many things it repaired. */
  changed: number;
  /** The age of the oldest overdue thing that it found, in milliseconds; absent if there was none. */
  lagMs?: number;
  /** Why it could not do all of its work; the next pass tries again. */
  failure?: Error;
}

/** One concern of housekeeping. Sweeps are idempotent, and safe to run in several replicas at once. */
export interface Sweep {
  readonly name: string;
  /** The crash window that it closes: which process, killed between which steps, leaves what behind. */
  readonly window: string;
  /** The pause between two passes, in milliseconds. */
  readonly everyMs: number;
  /** Runs one pass. A long pass ends early when aborted. */
  readonly sweep: (signal: AbortSignal) => Promise<Swept>;
}
