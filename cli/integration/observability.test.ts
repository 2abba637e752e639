import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { Client } from '@chainr/core/api/client/client';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { freePort } from '@chainr/testkit/free-port';
import { untilFound } from '@chainr/testkit/until-found';
import { createRun, endOfRun } from './runs.js';

const folder = fileURLToPath(new URL('../../deploy/observability', import.meta.url));
const alerts = path.join(folder, 'alerts.yaml');
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

interface AlertFile {
  groups: { rules: { alert: string; expr: string }[] }[];
}
interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

/** Each query with what a person would see of it. */
async function readQueries(): Promise<{ where: string; query: string }[]> {
  const { groups } = parse(await readFile(alerts, 'utf8')) as AlertFile;
  const { panels } = JSON.parse(await readFile(path.join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
  const ofAlerts = groups.flatMap(({ rules }) =>
    rules.flatMap(({ alert, expr }) => valuesOf(expr).map((query) => ({ where: alert, query }))),
  );
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      where: title,
      query: expr.replaceAll('$__rate_interval', '1m').replaceAll('$pool', '.*'),
    })),
  );
  return [...ofAlerts, ...ofPanels];
}

/** What an alert compares: while all is well, the comparison itself has no result. */
function valuesOf(expr: string): string[] {
  return expr
    .split(/\s+and\s+/)
    .map((part) => part.replace(/\s*(?:>|<|==)\s*[\d.]+$/, '').replace(/^absent\((.*)\)$/, '$1'));
}

describe('the dashboard and the alerts', function () {
  this.timeout(240_000);
  const services: Command[] = [];
  let redis: RedisServer | undefined;
  let prometheus: ChildProcess | undefined;
  let prometheusEnded: Promise<unknown> | undefined;

  afterEach(async () => {
    prometheus?.kill('SIGTERM');
    await prometheusEnded;
    for (const service of services) service.signal('SIGTERM');
    await Promise.all(services.splice(0).map(({ ended }) => ended));
    await redis?.stop();
  });

  // It ends what is left, so it comes last.
  const folders = useDataFolders();

  async function begin(service: string, env: Record<string, string>): Promise<{ name: string; url: string }> {
    const command = new Command(`${service}/src/main.ts`, [], { CHAINR_LISTEN: '127.0.0.1:0', ...env });
    services.push(command);
    const [, url = ''] = await command.says(/"url":"(http:[^"]+)"/);
    await command.says(/"msg":"started"/);
    return { name: service, url };
  }

  it('are accepted by promtool', function () {
    if (!isInstalled('promtool')) {
      console.log('  skipped: there is no promtool (of the package prometheus)');
      this.skip();
    }
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', alerts], { encoding: 'utf8' });
    expect(status, stdout + stderr).to.equal(0);
  });

  it('have an answer to every query while jobs run', async function () {
    if (!isInstalled('prometheus')) {
      console.log('  skipped: there is no prometheus (of the package of that name)');
      this.skip();
    }
    const home = await folders.make();
    redis = await startRedisServer({ folder: home, socketPath: path.join(home, 'redis.sock') });
    const store = { CHAINR_REDIS_URL: redis.url };
    const [sched, notif, ui, work, recycle] = await Promise.all([
      begin('sched', store),
      begin('notif', store),
      begin('ui', {}),
      begin('work', { ...store, CHAINR_HOME: home }),
      begin('recycle', store),
    ]);
    const upstreams = { CHAINR_SCHED_URL: sched.url, CHAINR_NOTIF_URL: notif.url, CHAINR_UI_URL: ui.url };
    const gate = await begin('gate', upstreams);

    const port = await freePort();
    const config = path.join(home, 'prometheus.yml');
    const scraped = [sched, notif, ui, work, recycle, gate].map(({ name, url }) => ({
      job_name: name,
      static_configs: [{ targets: [new URL(url).host] }],
    }));
    const scrapes = { global: { scrape_interval: '500ms' }, rule_files: [alerts], scrape_configs: scraped };
    await writeFile(config, JSON.stringify(scrapes)); // JSON is YAML too.
    const folderArgs = [`--config.file=${config}`, `--storage.tsdb.path=${path.join(home, 'tsdb')}`];
    const spawned = spawn('prometheus', [...folderArgs, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    prometheus = spawned;
    prometheusEnded = once(spawned, 'close');
    let said = '';
    spawned.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));

    const client = new Client({ baseUrl: gate.url });
    const good = { image: 'busybox', run: 'echo hello' };
    const pipeline = {
      kind: 'Pipeline',
      jobs: { good, bad: { image: 'busybox', run: 'exit 3' }, next: { ...good, dependsOn: ['good'] } },
    };
    const unanswered = new Map((await readQueries()).map((each) => [each.query, each]));
    expect(unanswered.size).to.be.greaterThan(40);

    async function askAgain(): Promise<string[]> {
      expect(spawned.exitCode, said).to.equal(null);
      const run = await createRun(client, pipeline);
      await endOfRun(client, run);
      for (const query of unanswered.keys()) {
        const asked = new URLSearchParams({ query });
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${String(asked)}`).catch(() => undefined);
        if (!answer) break; // It is starting.
        const { status, data, error } = (await answer.json()) as PromAnswer;
        if (answer.status === 503) break;
        expect(status, `${query}: ${String(error)}`).to.equal('success');
        if ((data?.result.length ?? 0) > 0) unanswered.delete(query);
      }
      return [...unanswered.values()].map(({ where, query }) => `${where}: ${query}`);
    }
    await untilFound('an answer to every query', askAgain, (left) => left.length === 0);
  });
});

interface PromAnswer {
  status: string;
  error?: string;
  data?: { result: unknown[] };
}
