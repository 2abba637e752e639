import fc from 'fast-check';
import { pipelineOf } from '@chainr/testkit/builders';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { Dice } from './dice.js';
import type { ModelJob, ModelRetries } from './reference-model.js';

export interface CaseJob extends ModelJob {
  /** How likely an attempt of it fails. */
  failing: number;
  priority?: number;
  pool?: Pool;
  timeoutMs?: number;
  pendingTimeoutMs?: number;
}

/** The first is the default pool. The workers of the second die at times. */
export const casePools = ['fake', 'other'] as const;
export type Pool = (typeof casePools)[number];

/** A pipeline, how likely its jobs fail, and the seed of the order in which things happen. */
export interface RandomCase {
  /** In the order of the pipeline. A job may come before its dependencies. */
  jobs: CaseJob[];
  maxParallel?: number;
  priority?: number;
  pool?: Pool;
  timeoutMs?: number;
  /** How many dependents an end may hand back already claimed. */
  fuse: number;
  /** Whether a user may cancel it. */
  cancel: boolean;
  /** Whether workers lose their leases often. */
  rough: boolean;
  seed: number;
}

/** A set of conditions as three bits, never empty. */
const conditionSet = fc.integer({ min: 1, max: 7 });
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * 1_000);

const retries: fc.Arbitrary<ModelRetries> = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  initialMs: fc.constantFrom(1, 500, 1_500, 20_000),
  factor: fc.constantFrom(1, 1.5, 2, 3),
  maxMs: fc.constantFrom(20_000, 45_000),
});

const job = fc.record({
  failing: fc.constantFrom(0, 0, 0.3, 0.6, 1),
  allowFailure: fc.boolean(),
  /** The earlier jobs that it depends on, each as thousandths of their number. */
  needs: fc.array(fc.tuple(fc.nat(999), conditionSet), { maxLength: 3 }),
  retries: fc.option(retries, { nil: undefined, freq: 2 }),
  priority: fc.option(fc.integer({ min: -100, max: 100 }), { nil: undefined, freq: 2 }),
  pool: fc.constantFrom(undefined, undefined, ...casePools),
  timeoutMs: fc.option(seconds(5, 90), { nil: undefined, freq: 2 }),
  pendingTimeoutMs: fc.option(seconds(5, 60), { nil: undefined, freq: 2 }),
});

/** A few jobs, sometimes more, without cycles. */
export const randomCase: fc.Arbitrary<RandomCase> = fc
  .record({
    drafts: fc.oneof(
      { arbitrary: fc.array(job, { minLength: 1, maxLength: 8, size: 'max' }), weight: 7 },
      { arbitrary: fc.array(job, { minLength: 9, maxLength: 25, size: 'max' }), weight: 1 },
    ),
    fuse: fc.constantFrom(0, 1, 3),
    cancel: fc.boolean(),
    rough: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0),
    maxParallel: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
    priority: fc.option(fc.integer({ min: -100, max: 100 }), { nil: undefined, freq: 2 }),
    timeoutMs: fc.option(seconds(10, 600), { nil: undefined, freq: 2 }),
    withPriorities: fc.boolean(),
    pool: fc.constantFrom(undefined, undefined, 'other' as const),
    withPools: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ drafts, withPriorities, withPools, pool: ofRun, ...rest }) => {
    const order = new Dice(rest.seed).shuffled(drafts.map((_, at) => at));
    const jobs: CaseJob[] = [];
    drafts.forEach(({ needs, priority, pool, ...draft }, at) => {
      const byJob = new Map(at === 0 ? [] : needs.map(([share, bits]) => [Math.floor((share * at) / 1000), bits]));
      jobs[order[at]!] = {
        ...present(draft),
        ...(withPriorities && present({ priority })),
        ...(withPools && present({ pool })),
        needs: [...byJob].map(([on, bits]) => needOf(order[on]!, bits)),
      };
    });
    return { ...present(rest), ...(withPools && present({ pool: ofRun })), jobs };
  });

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the fields that are undefined. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}

const needOf = (on: number, bits: number) => ({
  on,
  success: (bits & 1) > 0,
  failure: (bits & 2) > 0,
  skipped: (bits & 4) > 0,
});

/** Whether its jobs differ in priority (see Priorities). */
export const hasPriorities = ({ jobs, priority: ofRun = 0 }: RandomCase): boolean =>
  jobs.some(({ priority = ofRun }) => priority !== ofRun);

/** Whether its jobs have pools of their own (see Pools). */
export const hasPools = ({ jobs, pool: ofRun }: RandomCase): boolean => jobs.some(({ pool = ofRun }) => pool !== ofRun);

export const poolOf = ({ jobs, pool: ofRun = 'fake' }: RandomCase, index: number): Pool => jobs[index]?.pool ?? ofRun;

export const nameOf = (place: number): string => `job-${place}`;

export function pipelineOfCase({ jobs, maxParallel, priority, pool, timeoutMs }: RandomCase): Pipeline {
  const written = jobs.map(({ needs, allowFailure, priority, pool, timeoutMs, pendingTimeoutMs, retries }, place) => {
    const dependsOn = needs.map(({ on, ...conditions }) => ({ job: nameOf(on), conditions }));
    const limits = {
      timeout: inMs(timeoutMs),
      pendingTimeout: inMs(pendingTimeoutMs),
      retries: writtenRetries(retries),
    };
    return [nameOf(place), { dependsOn, allowFailure, ...present({ priority, pool, ...limits }) }] as const;
  });
  return { ...pipelineOf(Object.fromEntries(written)), ...present({ maxParallel, priority, pool, timeoutMs }) };
}

const inMs = (ms: number | undefined) => (ms === undefined ? undefined : `${ms}ms`);

function writtenRetries(retries: ModelRetries | undefined) {
  if (!retries) return undefined;
  const { limit, initialMs, factor, maxMs } = retries;
  return { limit, backoff: { initial: inMs(initialMs), factor, max: inMs(maxMs) } };
}
