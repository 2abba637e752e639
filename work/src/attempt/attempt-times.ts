import type { Outcome } from '@chainr/core/engine/outcome';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';

/**
 * When an attempt passed from one phase to the next: milliseconds since 1970, by the clock of this worker; of `startedAt`
 * and `endedAt` by that of the executor's host.
 */
export class AttemptTimes {
  readonly readyAt: number;
  readonly claimedAt: number;
  /** When user code began; undefined if none was seen to run. */
  startedAt: number | undefined;
  endedAt: number | undefined;

  /** Call it when the claim or adoption was answered. */
  constructor({ waitedMs, claimedMs }: Pick<ClaimedAttempt, 'waitedMs' | 'claimedMs'>) {
    this.claimedAt = Date.now() - claimedMs;
    this.readyAt = this.claimedAt - waitedMs;
  }

  /** Its end was seen. */
  end({ startedAt, endedAt }: Outcome): void {
    this.startedAt = startedAt;
    this.endedAt = endedAt ?? Date.now();
  }
}
