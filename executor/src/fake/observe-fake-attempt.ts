import type { Outcome } from '@chainr/core/engine/outcome';
import type { PhaseChange } from '../port.js';
import type { FakeAttempt } from './fake-world.js';

const nothingFound: Outcome = { reason: 'Lost', message: 'Nothing of it was found.' };

/** See the port. An attempt that has already ended reports no phase and costs one promise. */
export function observeFakeAttempt(
  attempt: FakeAttempt | undefined,
  onPhase: (change: PhaseChange) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  if (signal.aborted) return Promise.reject(abortReason(signal));
  if (!attempt) return Promise.resolve(nothingFound);
  if (attempt.outcome) return Promise.resolve(attempt.outcome);
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      signal.removeEventListener('abort', settle);
      attempt.waiters.delete(settle);
      if (attempt.outcome) resolve(attempt.outcome);
      else reject(abortReason(signal));
    };
    signal.addEventListener('abort', settle);
    attempt.waiters.add(settle);
    onPhase({ reason: 'Executing', at: Date.now() });
  });
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
