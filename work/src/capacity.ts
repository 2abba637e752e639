/** How many attempts a worker takes at once, and how many it has taken. */
export class Capacity {
  readonly total: number;
  #taken = 0;
  #draining = false;
  #waiting: (() => void)[] = [];

  constructor(total: number) {
    this.total = total;
  }

  get free(): number {
    return this.#draining ? 0 : Math.max(0, this.total - this.#taken);
  }

  /** Whether the worker takes nothing new. */
  get draining(): boolean {
    return this.#draining;
  }

  /** While draining, no place is free. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#wakeWhenFree();
  }

  /**
   * Takes places, or fewer if there are not enough.
   * @returns how many were taken
   */
  take(places: number): number {
    const taken = Math.min(places, this.free);
    this.#taken += taken;
    return taken;
  }

  /** Takes a place for existing work that cannot wait, above the total if need be. */
  takeOverCapacity(): void {
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
    this.#wakeWhenFree();
  }

  #wakeWhenFree(): void {
    if (this.free === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves when a place is free, or when aborted. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.free === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.push(wake);
        signal.addEventListener('abort', wake);
      });
    }
  }
}
