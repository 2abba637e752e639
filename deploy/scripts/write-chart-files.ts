/**
 * Gives the chart what it has from elsewhere: the version of chainr, the alerts and the dashboard. With --check fails if
 * one is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const chart = 'deploy/helm/chainr';

function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  if (process.argv.includes('--check')) {
    console.error(`${file} is stale: run make generate.`);
    process.exitCode = 1;
  } else writeFileSync(file, text);
}

const { version } = JSON.parse(readFileSync('lerna.json', 'utf8')) as { version: string };
const about = readFileSync(`${chart}/Chart.yaml`, 'utf8');
write(`${chart}/Chart.yaml`, about.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`));

// A chart can only read files of its own folder.
for (const name of ['alerts.yaml', 'dashboard.json']) {
  const source = `deploy/observability/${name}`;
  if (existsSync(source)) write(`${chart}/files/${name}`, readFileSync(source, 'utf8'));
}
