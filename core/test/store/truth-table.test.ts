import { expect } from 'chai';
import fc from 'fast-check';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { conditions, truthTable, type TruthTable } from '../../src/model/edges.js';
import { composeScript } from '../../src/store/scripts.js';
import { runCases } from './run-cases.js';
import { randomCase } from './random-case.js';

const seed = Number(process.env.CHAINR_TEST_SEED ?? 20_261_107);
/** Runs that share one store at the same time. */
const atOnce = 48;

/** Fails with the seed, and with the first cases that do not end as the reference model says. */
async function checkCases(open: OpenStore, numRuns: number): Promise<fc.RunDetails<unknown>> {
  const group = fc.array(randomCase, { minLength: atOnce, maxLength: atOnce });
  return fc.check(
    fc.asyncProperty(group, (cases) => runCases(open, cases)),
    { seed, numRuns, endOnFailure: true },
  );
}

const flipped = (ending: keyof TruthTable, condition: (typeof conditions)[number]): TruthTable => ({
  ...truthTable,
  [ending]: { ...truthTable[ending], [condition]: !truthTable[ending][condition] },
});

describe('the end of jobs and runs', () => {
  it('is as a second model says, for a thousand random pipelines with disturbed reports', async function () {
    this.timeout(60_000);
    const open = await openStore();
    try {
      const { failed, numRuns, errorInstance } = await checkCases(open, 21);
      if (failed) throw new Error(`CHAINR_TEST_SEED=${seed}, group ${numRuns}`, { cause: errorInstance });
      expect(numRuns * atOnce).to.be.at.least(1_000);
    } finally {
      await open.close();
    }
  });

  for (const ending of Object.keys(truthTable) as (keyof TruthTable)[]) {
    for (const condition of conditions) {
      it(`is otherwise when the cell ${ending} × ${condition} of the truth table is flipped`, async () => {
        const open = await openStore({ script: composeScript(flipped(ending, condition)) });
        try {
          const { failed } = await checkCases(open, 21);
          expect(failed, 'whether the property noticed').to.be.true;
        } finally {
          await open.close();
        }
      });
    }
  }
});
