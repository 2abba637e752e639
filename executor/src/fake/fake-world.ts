import type { Outcome } from '@chainr/core/engine/outcome';
import type { AttemptKey } from '../port.js';

/** A line of a fake attempt's output; stdout of the first step by default. */
export interface FakeLine {
  text: string;
  step?: string;
  stream?: 'stdout' | 'stderr';
}

/** An attempt of the fake executor. Many attempts share one object if nothing distinguishes them. */
export interface FakeAttempt {
  outcome: Outcome | undefined;
  readonly lines: readonly FakeLine[];
  /** Called when it ends. */
  readonly waiters: Set<() => void>;
}

/**
 * Where fake attempts live. Executors that share one behave like two workers on one machine: a worker finds what a dead
 * one had started.
 */
export interface FakeWorld {
  readonly attempts: Map<string, FakeAttempt>;
  /** How many attempts were really started, without tombstones. */
  startCount: number;
}

export const createFakeWorld = (): FakeWorld => ({ attempts: new Map(), startCount: 0 });

export const nameOf = (key: AttemptKey): string => `${key.run}/${key.job}/${key.attempt}`;

export function keyOf(name: string): AttemptKey {
  const [run = '', job = '', attempt] = name.split('/');
  return { run, job, attempt: Number(attempt) };
}

/** Ends an attempt; an attempt that has ended keeps its outcome. */
export function endFakeAttempt(attempt: FakeAttempt, outcome: Outcome): void {
  if (attempt.outcome) return;
  attempt.outcome = outcome;
  for (const wake of attempt.waiters) wake();
  attempt.waiters.clear();
}
