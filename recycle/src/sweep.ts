/** One concern of housekeeping. Sweeps are idempotent, and safe beside other replicas' sweeps. */
export interface Sweep {
  readonly name: string;
  /** The crash window that it closes: which process, killed between what and what, leaves what behind. */
  readonly window: string;
  /** The pause between two passes, in milliseconds. */
  readonly everyMs: number;
  /** One pass; resolves with how many things it put right. */
  sweep(): Promise<number>;
}
