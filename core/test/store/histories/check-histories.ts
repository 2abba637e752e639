import fc from 'fast-check';
import type { Library } from '../../../src/store/script/library.js';
import { randomCase } from './random-case.js';
import { HistoryGround } from './run-histories.js';

const seed = Number(process.env['CHAINR_TEST_SEED'] ?? 20_261_125);
/** How many runs share one Redis and one clock at the same time. */
export const atOnce = 48;

export interface Checked {
  /** What was wrong in the first group of histories that failed, with the seed. */
  failure?: Error;
  /** How often each thing has happened. */
  tally: ReadonlyMap<string, number>;
}

/** Runs this many groups of random histories. Ends at the first group that fails. */
export async function checkHistories(groups: number, library?: Library): Promise<Checked> {
  const ground = await HistoryGround.start(library);
  try {
    const group = fc.array(randomCase, { minLength: atOnce, maxLength: atOnce });
    const property = fc.asyncProperty(group, (cases) => ground.run(cases));
    const { failed, numRuns, errorInstance } = await fc.check(property, { seed, numRuns: groups, endOnFailure: true });
    const { tally } = ground;
    if (!failed) return { tally };
    return { tally, failure: new Error(`CHAINR_TEST_SEED=${seed}, group ${numRuns}`, { cause: errorInstance }) };
  } finally {
    await ground.stop();
  }
}
