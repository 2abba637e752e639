/** Writes docs/states.md from the tables in core/engine; with --check only says whether it is stale. */
import { truthTable } from '../core/src/engine/edges.js';
import { reasons, reasonTable } from '../core/src/engine/reasons.js';
import { conditions } from '../core/src/pipeline/conditions.js';
import { jobTransitions, runTransitions } from '../core/src/engine/states.js';
import { markdownTable, writePage } from './markdown-page.js';

function transitionRows(transitions: Readonly<Record<string, readonly string[]>>): string[][] {
  return Object.entries(transitions).map(([from, to]) => [from, to.join(', ') || 'none: final']);
}

await writePage(
  'docs/states.md',
  `# States, reasons, edges

<!-- Made by \`make generate\` from core/src/engine/states.ts, reasons.ts and edges.ts. -->

## What a run may become

${markdownTable(['from', 'to'], transitionRows(runTransitions))}

## What a job may become

A job that is FAILED or SKIPPED becomes PENDING only by a retry by hand, while its run is live.

${markdownTable(['from', 'to'], transitionRows(jobTransitions))}

## Why

Every job always has one of these reasons, and a sentence; this one, where nothing more exact is known. The budget says which retries may
follow a failure.

${markdownTable(
  ['reason', 'of a job that is', 'budget', 'sentence'],
  reasons.map((reason) => {
    const { statuses, budget, message } = reasonTable[reason];
    return [reason, statuses.join(', '), budget ?? '', message];
  }),
)}

## When an edge is satisfied

${markdownTable(
  ['the dependency ended', ...conditions.map((condition) => `\`${condition}\``)],
  Object.entries(truthTable).map(([ending, row]) => [
    ending,
    ...conditions.map((condition) => (row[condition] ? 'yes' : 'no')),
  ]),
)}

The dependents of a job that was CANCELED are CANCELED, whatever their conditions.
`,
);
