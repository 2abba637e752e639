import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { dagNames, loadDag, writeDagPipeline, type Dag, type DagName } from '@chainr/bench/load-dag';
import { expect } from 'chai';
import type { Client } from '@chainr/core/api/client/client';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { createRun, endOfRun } from './runs.js';
import { startUp } from './start-up.js';

const longestSeconds = 2;

/** Appends its name to the DAG's record when it starts and when it ends; an append of one line is one write. */
function pipelineOf(name: DagName, dag: Dag, record: string): object {
  return writeDagPipeline(name, dag, ({ id, runtimeSeconds }) => {
    const seconds = Math.min(longestSeconds, runtimeSeconds / 100).toFixed(3);
    return `echo 'start ${id}' >> '${record}'\nsleep ${seconds}\necho 'end ${id}' >> '${record}'`;
  });
}

describe('the sample DAGs', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  it('run to SUCCESSFUL at the same time, and each job starts after its parents ended', async () => {
    const home = await folders.make();
    const { client } = await startUp(home, { CHAINR_CAPACITY: '64' });
    const begun = performance.now();
    await Promise.all(dagNames.map((name) => runDag(client, name, path.join(home, `${name}.record`))));
    console.log(`      all six took ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  });
});

async function runDag(client: Client, name: DagName, record: string): Promise<void> {
  const dag = await loadDag(name);
  const uid = await createRun(client, pipelineOf(name, dag, record));
  const run = await endOfRun(client, uid);
  expect(run.status, name).to.equal('SUCCESSFUL');

  const lines = (await readFile(record, 'utf8')).trim().split('\n');
  const placeOf = new Map(lines.map((line, place) => [line, place]));
  expect(lines, `each job of ${name} once`).to.have.length(2 * dag.tasks.length);
  expect(placeOf, `each job of ${name} once`).to.have.property('size', lines.length);
  for (const { id, parents } of dag.tasks) {
    for (const parent of parents) {
      expect(placeOf.get(`start ${id}`), `${id} after ${parent}`).to.be.greaterThan(placeOf.get(`end ${parent}`)!);
    }
  }
}
