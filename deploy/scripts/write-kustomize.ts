/**
 * Writes deploy/kustomize: what the chart renders to, for those who have kubectl alone. With --check fails if it is stale.
 *
 * Rendering needs Helm (HELM, or `helm` on the PATH). Without it, the check compares two hashes that the last rendering
 * has left: of what it was made from, and of what it made.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writePage } from '../../scripts/markdown-page.js';

const chart = 'deploy/helm/chainr';
const target = 'deploy/kustomize';
const record = `${target}/rendered-from.json`;
const topologies = ['split', 'single'];

const helm = process.env['HELM'] ?? 'helm';
const hasHelm = spawnSync(helm, ['version', '--short']).status === 0;

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return found.map((each) => path.join(each.parentPath, each.name)).sort();
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(file)).update('\n');
  return hash.digest('hex');
}

const hashes = (): { chart: string; rendered: string } => ({
  chart: hashOf([
    ...['Chart.yaml', 'values.yaml'].map((name) => `${chart}/${name}`),
    ...filesIn(`${chart}/templates`),
    'deploy/scripts/write-kustomize.ts',
  ]),
  rendered: hashOf(topologies.flatMap((topology) => filesIn(`${target}/${topology}`))),
});

/** The objects of each template, by its path within `templates`. */
function render(topology: string): Map<string, string> {
  // The Secrets are not among the files: deploy.sh makes them, or whoever applies the files.
  const settings = [`topology=${topology}`, 'token.existingSecret=chainr-token', 'redis.existingSecret=chainr-redis'];
  const args = [
    'template',
    'chainr',
    chart,
    '--namespace',
    'chainr',
    '--kube-version',
    '1.36.0',
    ...settings.flatMap((each) => ['--set', each]),
  ];
  const files = new Map<string, string>();
  for (const part of execFileSync(helm, args, { encoding: 'utf8' }).split(/^---\n/m)) {
    const [, source = '', object = ''] = /^# Source: chainr\/templates\/(.*)\n([^]*)$/.exec(part) ?? [];
    if (source === '') continue;
    files.set(source, [...(files.get(source)?.split('---\n') ?? []), ofKustomize(object)].join('---\n'));
  }
  return files;
}

/** What only Helm would understand is left out, and the namespace, which a kustomization gives. */
function ofKustomize(object: string): string {
  return object
    .replace(/^\s*\n/gm, '')
    .replace(/^ *helm\.sh\/chart: .*\n/gm, '')
    .replaceAll(', namespace: chainr }', ' }')
    .replace(/^ *annotations: \{ helm\.sh\/resource-policy: keep \}\n/gm, '')
    .replaceAll('app.kubernetes.io/managed-by: Helm', 'app.kubernetes.io/managed-by: kustomize');
}

async function writeTopology(topology: string): Promise<void> {
  const rendered = render(topology);
  const folder = `${target}/${topology}`;
  const wanted = new Set([`${folder}/kustomization.yaml`, ...[...rendered.keys()].map((file) => `${folder}/${file}`)]);
  for (const file of filesIn(folder).filter((each) => !wanted.has(each))) {
    if (process.argv.includes('--check')) {
      console.error(`${file} is stale: run make generate.`);
      process.exitCode = 1;
    } else rmSync(file);
  }
  for (const [file, text] of rendered) {
    mkdirSync(path.dirname(`${folder}/${file}`), { recursive: true });
    await writePage(`${folder}/${file}`, text);
  }
  const resources = [...rendered.keys()].sort().map((file) => `  - ${file}\n`);
  await writePage(
    `${folder}/kustomization.yaml`,
    `# Made by \`make generate\` from ${chart}. Change nothing here: write a kustomization that has this folder as a resource.\nnamespace: chainr\nresources:\n${resources.join('')}`,
  );
}

if (hasHelm) {
  for (const topology of topologies) await writeTopology(topology);
  await writePage(record, JSON.stringify(hashes()));
} else {
  const then = JSON.parse(readFileSync(record, 'utf8')) as ReturnType<typeof hashes>;
  const now = hashes();
  if (then.chart !== now.chart || then.rendered !== now.rendered) {
    console.error(`${target} is stale: install Helm, or set HELM to it, and run make generate.`);
    process.exitCode = 1;
  }
}
