import type { Outcome } from '@chainr/core/engine/outcome';
import { withOutputs, type WrittenOutputs } from '@chainr/core/engine/outputs';
import type { AttemptKey, AttemptSpec, Executor, LogBatch, PhaseChange } from '../port.js';
import {
  createFakeWorld,
  endFakeAttempt,
  keyOf,
  nameOf,
  type FakeAttempt,
  type FakeLine,
  type FakeWorld,
} from './fake-world.js';
import { observeFakeAttempt } from './observe-fake-attempt.js';
import { readFakeLogs } from './read-fake-logs.js';

/** How an attempt ends. */
export interface FakeEnd {
  /** Defaults to Completed. */
  outcome?: Outcome;
  lines?: readonly FakeLine[];
  /** The outputs of the steps. */
  written?: readonly WrittenOutputs[];
  /** It runs until `end` or a stop. */
  hold?: boolean;
}

export interface FakeExecutorOptions {
  /** Defaults to `fake`. */
  id?: string;
  /** By default every attempt is Completed at once without output. While the promise is pending the attempt runs. */
  decide?: (spec: AttemptSpec) => FakeEnd | Promise<FakeEnd>;
  /** Called at each real start, before `decide`. Tests count starts here. */
  onStart?: (spec: AttemptSpec) => void;
  world?: FakeWorld;
}

export interface FakeExecutor extends Executor {
  readonly world: FakeWorld;
  /** Ends a running attempt. Throws if there is none of that name. */
  end(key: AttemptKey, outcome: Outcome): void;
}

const completed: Outcome = Object.freeze({ reason: 'Completed', exitCode: 0 });
const completedAttempt: FakeAttempt = { outcome: completed, lines: [], waiters: new Set() };
const done = Promise.resolve();

/** An executor without processes that costs next to nothing per attempt; for tests and benchmarks. */
export function createFakeExecutor(options: FakeExecutorOptions = {}): FakeExecutor {
  const { id = 'fake', decide, onStart, world = createFakeWorld() } = options;
  const { attempts } = world;

  function start(spec: AttemptSpec): FakeAttempt {
    world.startCount += 1;
    onStart?.(spec);
    if (!decide) return completedAttempt;
    const decision = decide(spec);
    if (!(decision instanceof Promise)) return attemptOf(decision);
    const attempt: FakeAttempt = { outcome: undefined, lines: [], waiters: new Set() };
    void decision.then(
      ({ outcome = completed, written = [], hold }) => !hold && endFakeAttempt(attempt, withOutputs(outcome, written)),
      (error: unknown) => endFakeAttempt(attempt, { reason: 'Lost', message: String(error) }),
    );
    return attempt;
  }

  return {
    kind: 'fake',
    id,
    capabilities: {
      image: false,
      memoryLimit: false,
      output: false,
      separateStreams: false,
      checksLoopback: false,
      restartsServices: false,
      exactOutput: true,
      rotatesOutput: false,
      replaceableOutputFile: true,
      timeStepMs: 1,
      unfinishedLines: false,
      manyOwners: true,
      refusesMissingWorkdir: false,
      startsAtCreation: false,
      canVanish: false,
      services: false,
    },
    world,
    ensure(spec, guard) {
      const name = nameOf(spec);
      if (!attempts.has(name) && !spec.begun) {
        guard();
        attempts.set(name, start(spec));
      }
      return done;
    },
    observe(spec: AttemptSpec, onPhase: (change: PhaseChange) => void, signal: AbortSignal) {
      return observeFakeAttempt(attempts.get(nameOf(spec)), onPhase, signal);
    },
    logs(spec, from, signal): AsyncIterable<LogBatch> {
      return readFakeLogs(attempts.get(nameOf(spec)), spec, from, signal);
    },
    async stop(key, _graceMs, guard) {
      guard();
      const name = nameOf(key);
      const attempt = attempts.get(name);
      if (attempt) endFakeAttempt(attempt, { reason: 'Signal', exitCode: 143 });
      else attempts.set(name, attemptOf({ outcome: { reason: 'Lost', message: 'It was stopped before it started.' } }));
    },
    async remove(key, guard) {
      guard();
      attempts.delete(nameOf(key));
    },
    async list() {
      return [...attempts].map(([name, attempt]) => ({ ...keyOf(name), alive: attempt.outcome === undefined }));
    },
    ping: () => done,
    close: () => done,
    end(key, outcome) {
      const attempt = attempts.get(nameOf(key));
      if (!attempt) throw new Error(`${nameOf(key)} was never started.`);
      endFakeAttempt(attempt, outcome);
    },
  };
}

function attemptOf({ outcome = completed, lines = [], written = [], hold = false }: FakeEnd): FakeAttempt {
  return { outcome: hold ? undefined : withOutputs(outcome, written), lines, waiters: new Set() };
}
