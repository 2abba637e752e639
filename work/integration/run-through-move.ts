import path from 'node:path';
import { expect } from 'chai';
import type { Constellation } from '@chainr/testkit/constellation';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { untilFinal } from '@chainr/testkit/waits';

const names = Array.from({ length: 12 }, (_, at) => `job-${at}`);
const lines = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`).join('');

/** Runs a pipeline, moves Redis in the middle, and expects that each job ran once and its log has every line once. */
export async function runThroughMove(
  { client, store, url }: Constellation,
  folder: string,
  move: () => Promise<void>,
): Promise<void> {
  const ledger = path.join(folder, 'ledger');
  const run = 'echo "$CHAINR_JOB" >> "$LEDGER"; for i in $(seq 1 20); do echo "line $i"; sleep 0.05; done';
  const jobs = Object.fromEntries(
    names.map((name, at) => [name, { image: 'busybox', run, dependsOn: at < 4 ? [] : [names[at - 4]] }]),
  );
  const text = JSON.stringify({ kind: 'Pipeline', env: { LEDGER: ledger }, jobs });
  const { metadata } = await client.createRun({ text, contentType: 'application/json' });
  await untilLines(ledger, 5);
  await move();
  await untilFinal(store.events, metadata.uid);
  expect(await client.getRun(metadata.uid)).to.include({ status: 'SUCCESSFUL' });
  expect(linesIn(ledger).sort()).to.deep.equal([...names].sort());
  for (const name of names) {
    const log = await fetch(`${url}/api/runs/${metadata.uid}/jobs/${name}/logs?follow=true`);
    expect(await log.text(), name).to.equal(lines);
  }
}
