import fc from 'fast-check';
import { pipelineOf } from '@chainr/testkit/builders';
import type { Pipeline } from '../../src/model/pipeline.js';
import type { ModelJob } from './reference-model.js';

/** A pipeline, how its jobs will end, and from what the order of everything is drawn. */
export interface RandomCase {
  jobs: ModelJob[];
  /** Whether ends hand back dependents already claimed. */
  fuse: boolean;
  /** Whether a cancel is requested at some time. */
  cancel: boolean;
  seed: number;
}

/** A set of conditions as three bits, never empty. */
const conditionSet = fc.integer({ min: 1, max: 7 });

const job = fc.record({
  fails: fc.boolean(),
  allowFailure: fc.boolean(),
  /** Which earlier jobs it waits for, as shares of their number. */
  needs: fc.array(fc.tuple(fc.nat(999), conditionSet), { maxLength: 4 }),
});

/** Up to 50 jobs; every dependency points at an earlier one, so that there is no cycle. */
export const randomCase: fc.Arbitrary<RandomCase> = fc
  .record({
    drafts: fc.array(job, { minLength: 1, maxLength: 50, size: 'max' }),
    fuse: fc.boolean(),
    cancel: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0),
    seed: fc.nat(),
  })
  .map(({ drafts, ...rest }) => ({
    ...rest,
    jobs: drafts.map(({ fails, allowFailure, needs }, at) => {
      const byJob = new Map(at === 0 ? [] : needs.map(([share, bits]) => [Math.floor((share * at) / 1000), bits]));
      return { fails, allowFailure, needs: [...byJob].map(([on, bits]) => needOf(on, bits)) };
    }),
  }));

const needOf = (on: number, bits: number) => ({
  on,
  success: (bits & 1) > 0,
  failure: (bits & 2) > 0,
  skipped: (bits & 4) > 0,
});

/** The case as a pipeline whose document lists the jobs in the order `order` (place → job of the case). */
export function pipelineOfCase({ jobs }: RandomCase, order: readonly number[]): Pipeline {
  return pipelineOf(
    Object.fromEntries(
      order.map((at) => {
        const { needs, allowFailure } = jobs[at]!;
        const dependsOn = needs.map(({ on, ...conditions }) => ({ job: `job-${on}`, conditions }));
        return [`job-${at}`, { dependsOn, allowFailure }];
      }),
    ),
  );
}
