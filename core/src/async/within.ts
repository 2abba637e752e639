/**
 * Waits for a promise, but no longer than a time. What is waited for goes on, and its later rejection is not unhandled.
 *
 * @param late gives the result if it takes longer, or throws
 */
export function within<T, Late>(ms: number, awaited: Promise<T>, late: () => Late): Promise<T | Late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    }, ms);
    awaited
      .finally(() => {
        clearTimeout(timer);
      })
      .then(resolve, reject);
  });
}
