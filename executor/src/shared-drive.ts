import type { Outcome } from '@chainr/core/engine/outcome';
import type { PhaseChange } from './port.js';

/**
 * Takes an attempt to its end once for all who observe it, and tells them of changes. An outage ends a drive, and the
 * next call starts another one, which must read everything from the executor.
 */
export class SharedDrive {
  readonly #drive: (signal: AbortSignal) => Promise<Outcome>;
  readonly #observers = new Set<(change: PhaseChange) => void>();
  #lastChange: PhaseChange | undefined;
  #going: Promise<Outcome> | undefined;
  #stopped = new AbortController();

  /** @param drive resolves with the outcome; rejects soon after the signal aborts */
  constructor(drive: (signal: AbortSignal) => Promise<Outcome>) {
    this.#drive = drive;
  }

  /** Starts the drive unless it is running. */
  go(): Promise<Outcome> {
    if (this.#going) return this.#going;
    const going = this.#drive(this.#stopped.signal)
      .catch((error: unknown) => {
        // Reports the state again, so that the outage is known to be over.
        if (this.#going === going) this.#lastChange = undefined;
        throw error;
      })
      .finally(() => {
        if (this.#going === going) this.#going = undefined;
      });
    this.#going = going;
    return going;
  }

  /** Resolves with the outcome, and reports the changes until then. Rejects with the signal's reason when aborted. */
  async observe(onPhase: (change: PhaseChange) => void, signal: AbortSignal): Promise<Outcome> {
    signal.throwIfAborted();
    this.#observers.add(onPhase);
    if (this.#lastChange) onPhase(this.#lastChange);
    let onAbort = (): void => undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      signal.addEventListener('abort', onAbort);
    });
    try {
      return await Promise.race([this.go(), aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#observers.delete(onPhase);
      if (signal.aborted && this.#observers.size === 0) this.stop();
    }
  }

  /** Tells everybody of a change, unless it is none, or the attempt already executes: later steps wait too. */
  tell(change: PhaseChange): void {
    const last = this.#lastChange;
    if (last?.reason === 'Executing') return;
    if (last?.reason === change.reason && last.message === change.message) return;
    this.#lastChange = change;
    for (const observer of this.#observers) observer(change);
  }

  /** Whether anybody waits for the outcome. */
  get isObserved(): boolean {
    return this.#observers.size > 0;
  }

  get hasTold(): boolean {
    return this.#lastChange !== undefined;
  }

  /** Stops watching and acting; what runs goes on. Whoever observes next does not wait for an answer still on its way. */
  stop(): void {
    this.#stopped.abort(new Error('Nobody observes the attempt any more.'));
    this.#stopped = new AbortController();
    this.#going = undefined;
    this.#lastChange = undefined;
  }
}
