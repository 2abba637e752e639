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

  /** Whether nothing new is taken. */
  get draining(): boolean {
    return this.#draining;
  }

  /** From now on nothing is free, or again what is. */
  drain(draining: boolean): void {
    this.#draining = draining;
    this.#wakeWhenFree();
  }

  /** Takes places, or fewer if there are not as many. @returns how many were taken. */
  take(places: number): number {
    const taken = Math.min(places, this.free);
    this.#taken += taken;
    return taken;
  }

  /** For work that is there already and cannot wait: beyond the total if need be. */
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
