/**
 * `KUBECONFIG=FILE node --conditions=chainr-source --import=tsx testkit/scripts/record-kubernetes.ts`:
 * records what a real cluster answers in the cases that the tests of the stand-in walk. With `--check` it writes
 * nothing, and fails if the cluster answers otherwise than recorded. Needs kubectl and the rights of an administrator;
 * uses namespaces of its own, which stay.
 */
import { deepEqual } from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { testKubeconfig } from '../src/cluster/test-kubeconfig.js';
import { openCluster } from '../test/kubernetes/recorded/cluster.js';
import { lives, seeLife } from '../test/kubernetes/recorded/lives.js';
import { normalize } from '../test/kubernetes/recorded/place.js';
import { refusals } from '../test/kubernetes/recorded/refusals.js';

const cluster = await openCluster(testKubeconfig());
try {
  const answers: Record<string, object[]> = {};
  for (const { title, run } of refusals) answers[title] = [await run(cluster)].flat().map(normalize);
  await keep('refusals.json', answers);
  const seen: Record<string, object> = {};
  for (const life of lives) seen[life.title] = await seeLife(cluster, life);
  await keep('lives.json', seen);
} finally {
  await cluster.close();
}

async function keep(name: string, found: object): Promise<void> {
  const file = new URL(`../test/kubernetes/recorded/${name}`, import.meta.url);
  if (process.argv.includes('--check')) deepEqual(found, JSON.parse(await readFile(file, 'utf8')));
  else await writeFile(file, `${JSON.stringify(found, null, 2)}\n`);
}
