/** Writes docs/states.md from the tables in core/engine; with --check fails if it is stale. */
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

## States of a run

${markdownTable(['from', 'to'], transitionRows(runTransitions))}

## States of a job

A FAILED or SKIPPED job becomes PENDING again only by a manual retry, and only while its run has not ended.

${markdownTable(['from', 'to'], transitionRows(jobTransitions))}

## Reasons

Every job always has one of these reasons and a message. The message below is the default; it is replaced where more is known. The budget says which retries may
follow a failure.

${markdownTable(
  ['reason', 'job status', 'retry budget', 'default message'],
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

If a job is CANCELED, its dependents are CANCELED too, whatever their conditions.
`,
);
