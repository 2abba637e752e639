import type { Outcome } from '@chainr/core/engine/outcome';
import type { AttemptKey } from '../port.js';

/** A line of a fake attempt's output; by default stdout of the first step. */
export interface FakeLine {
  text: string;
  step?: string;
  stream?: 'stdout' | 'stderr';
}

/** An attempt as the fake executor keeps it. Many share one object if nothing tells them apart. */
export interface FakeAttempt {
  outcome: Outcome | undefined;
  readonly lines: readonly FakeLine[];
  /** Those who wait for the end. */
  readonly waiters: Set<() => void>;
}

/**
 * Where fake attempts live: executors that share one are as two workers on one machine, and a worker that comes
 * after another one's death finds what it had started.
 */
export interface FakeWorld {
  readonly attempts: Map<string, FakeAttempt>;
  /** How many attempts were really started, tombstones left out. */
  startCount: number;
}

export const createFakeWorld = (): FakeWorld => ({ attempts: new Map(), startCount: 0 });

export const nameOf = (key: AttemptKey): string => `${key.run}/${key.job}/${key.attempt}`;

export function keyOf(name: string): AttemptKey {
  const [run = '', job = '', attempt] = name.split('/');
  return { run, job, attempt: Number(attempt) };
}

/** Ends an attempt; one that has ended keeps its outcome. */
export function endFakeAttempt(attempt: FakeAttempt, outcome: Outcome): void {
  if (attempt.outcome) return;
  attempt.outcome = outcome;
  for (const wake of attempt.waiters) wake();
  attempt.waiters.clear();
}
