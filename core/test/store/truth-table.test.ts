import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { pipelineOf } from '@chainr/testkit/builders';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { conditions, truthTable, type TruthTable } from '../../src/model/edges.js';
import { composeScript, type Script } from '../../src/store/scripts.js';
import { runCases } from './run-cases.js';
import { randomCase } from './random-case.js';

const seed = Number(process.env.CHAINR_TEST_SEED ?? 20_261_107);
/** Runs that share one store at the same time. */
const atOnce = 48;

/** Fails with the seed, and with the first cases that do not end as the reference model says. */
async function checkCases(open: OpenStore, numRuns: number) {
  const group = fc.array(randomCase, { minLength: atOnce, maxLength: atOnce });
  return fc.check(
    fc.asyncProperty(group, (cases) => runCases(open, cases)),
    { seed, numRuns, endOnFailure: true },
  );
}

/** The script with limits so small that every larger run meets all of them. */
function scriptOfSmallCalls(): Script {
  const limits = new Map([
    ['EDGES_MAX', 4],
    ['EDGES_PAGE', 2],
    ['TODO_PAGE', 2],
    ['BUNDLE_MAX', 2],
    ['QUEUED_MAX', 5],
    ['READY_AT_ONCE', 3],
  ]);
  const missing = new Set(limits.keys());
  const definitions = /^local ([A-Z][A-Z_, ]*) = ([\d, ]+)$/gm;
  const text = composeScript().text.replace(definitions, (_line, names: string, values: string) => {
    const numbers = values.split(', ');
    const small = names.split(', ').map((name, at) => (missing.delete(name) ? limits.get(name)! : numbers[at]!));
    return `local ${names} = ${small.join(', ')}`;
  });
  expect([...missing], 'limits that the script does not have').to.eql([]);
  return { text, sha: createHash('sha1').update(text).digest('hex') };
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

  it('is the same when every call of the script may do very little', async function () {
    this.timeout(60_000);
    const open = await openStore({ script: scriptOfSmallCalls() });
    try {
      const uid = await open.create(
        pipelineOf(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`job-${at}`, []]))),
      );
      expect(open.inbox.count(uid)).to.equal(5);
      await driveRun(open, uid);
      const { failed, errorInstance } = await checkCases(open, 5);
      if (failed) throw new Error(`CHAINR_TEST_SEED=${seed}`, { cause: errorInstance });
    } finally {
      await open.close();
    }
  });

  // Not those of CANCELED: only a cancel or a timeout of the run cancels a job, and each ends all others itself.
  for (const ending of ['SUCCESSFUL', 'FAILED', 'SKIPPED'] as const) {
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
