import { expect } from 'chai';
import { truthTable, type TruthTable } from '../../../src/engine/edges.js';
import { conditions } from '../../../src/pipeline/conditions.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { checkHistories } from './check-histories.js';

const flipped = (ending: keyof TruthTable, condition: (typeof conditions)[number]): TruthTable => ({
  ...truthTable,
  [ending]: { ...truthTable[ending], [condition]: !truthTable[ending][condition] },
});

describe('the end of jobs and runs', function () {
  this.timeout(120_000);

  // CANCELED is left out: only a cancel or timeout of the run cancels a job, and that ends all other jobs too.
  for (const ending of ['SUCCESSFUL', 'FAILED', 'SKIPPED'] as const) {
    for (const condition of conditions) {
      it(`changes when the cell ${ending} × ${condition} of the truth table is flipped`, async () => {
        const { failure } = await checkHistories(5, composeLibrary(flipped(ending, condition)));
        expect(failure, 'what random histories noticed').to.be.an('error');
      });
    }
  }
});
