/** No slot was free in time. */
export class NoSlot extends Error {
  override readonly name = 'NoSlot';
}

/** Limits how many may do something at once; the others wait in order of arrival. */
export class Slots {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a slot; resolves at once if one is free.
   *
   * @returns a function that returns the slot; calling it twice does no harm
   * @throws NoSlot if none was free for `waitMs`; the reason of the signal
   */
  take(waitMs: number, signal: AbortSignal): Promise<() => void> {
    if (this.#taken < this.#max) return Promise.resolve(this.#hold());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(next);
      };
      const next = (): void => {
        leave();
        resolve(this.#hold());
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new NoSlot(`no slot was free for ${waitMs} ms`));
      }, waitMs);
      this.#waiting.add(next);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  #hold(): () => void {
    this.#taken += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= 1;
      const [next] = this.#waiting;
      next?.();
    };
  }
}
