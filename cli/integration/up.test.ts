import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { processesOf, serversOf, untilGone } from '@chainr/testkit/processes-of';
import { untilFound } from '@chainr/testkit/until-found';
import { chainr } from '../test/test-terminal.js';
import { createRun, endOfRun, statusesOf } from './runs.js';
import { beginUp, startUp } from './start-up.js';

const readme = ['--example', 'examples/readme.json'];
const endings = { first: 'SUCCESSFUL', second: 'SUCCESSFUL', success: 'SUCCESSFUL', error: 'SKIPPED' };

describe('chainr up', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  it('runs the pipeline of the README, which any HTTP client can read', async () => {
    const home = await folders.make();
    const up = await startUp(home, {}, readme);
    const [, link = ''] = await up.says(/curl \S+(\/api\/runs\/[-0-9a-f]+)\n/);
    const json = async (path: string) => (await (await fetch(up.url + path)).json()) as Record<string, unknown>;

    const run = (await json(link)) as unknown as Parameters<typeof statusesOf>[0];
    expect(run.status).to.equal('SUCCESSFUL');
    expect(statusesOf(run)).to.deep.equal(endings);
    expect(await json(`${link}/jobs/first`)).to.deep.include({ kind: 'Job', status: 'SUCCESSFUL' });
    expect(await json(`${link}/jobs/error`)).to.deep.include({ status: 'SKIPPED', reason: 'ConditionNotMet' });
    const log = await fetch(`${up.url}${link}/jobs/first/logs`);
    expect([log.status, await log.text()]).to.deep.equal([200, '']);
    const events = (await (await fetch(`${up.url}/api/events`)).text()).trim().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { kind: string }).kind)).to.include.members([
      'run.created',
      'run.status',
      'job.status',
    ]);
    const page = await fetch(up.url);
    expect(page.headers.get('content-type')).to.match(/^text\/html/);
    expect(await page.text()).to.match(/<!doctype html>/i);
  });

  it('starts nothing if the example is missing or has mistakes, and lists all of them', async () => {
    const home = await folders.make();
    const missing = beginUp(home, {}, ['--example', '/nowhere.yaml']);
    expect(await missing.ended).to.deep.equal({ code: 2, signal: null });
    expect(missing.output).to.equal('chainr: cannot read /nowhere.yaml: the file does not exist.\n');
    const file = path.join(home, 'wrong.yaml');
    await writeFile(file, 'kind: Pipeline\njobs:\n  a: {image: x, run: 7}\n  b: {image: x, run: y, retries: 3}\n');
    const wrong = beginUp(home, {}, ['--example', file]);
    expect(await wrong.ended).to.deep.equal({ code: 1, signal: null });
    expect(wrong.output).to.match(/^\S+wrong\.yaml has 2 mistakes:\n {2}jobs\.a\.run: .*\n {2}jobs\.b\.retries: .*\n$/);
    expect(await readdir(home)).to.deep.equal(['wrong.yaml']);
  });

  it('leaves no process after Ctrl-C, and shows the old run after the next start', async () => {
    const home = await folders.make();
    const first = await startUp(home, {}, readme);
    const [, uid = ''] = await first.says(/runs\/([-0-9a-f]+)\n/);
    await first.says(/Serving/);
    first.signal('SIGINT');
    expect(await first.ended).to.deep.equal({ code: 0, signal: null });
    await untilGone(() => processesOf(home));

    const begun = performance.now();
    const second = await startUp(home);
    console.log(`      the second start took ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    expect(statusesOf(await endOfRun(second.client, uid))).to.deep.equal(endings);
    second.signal('SIGTERM');
    expect(await second.ended).to.deep.equal({ code: 0, signal: null });
    await untilGone(() => processesOf(home));
  });

  it('applies the settings for the memory of Redis and the retention of runs', async () => {
    const home = await folders.make();
    const settings = { CHAINR_REDIS_MEMORY: String(64 * 1024 * 1024), CHAINR_RUN_RETENTION: '1s' };
    const up = await startUp(home, settings, readme);
    const [, uid = ''] = await up.says(/runs\/([-0-9a-f]+)\n/);
    const redis = await openRedisClient(`unix:${home}/sockets/redis.sock`);
    expect(await redis.config('GET', 'maxmemory')).to.deep.equal(['maxmemory', settings.CHAINR_REDIS_MEMORY]);
    const look = async () => (await fetch(`${up.url}/api/runs/${uid}`)).status;
    const status = await untilFound('the end of the retention', look, (seen) => seen !== 200);
    expect(status).to.equal(404);
    expect(await redis.keys(`*${uid}*`)).to.deep.equal([]);
    redis.disconnect();
    up.signal('SIGTERM');
    await up.ended;
  });

  it('says after a followed log that another attempt follows', async () => {
    const up = await startUp(await folders.make());
    const only = { image: 'busybox', run: 'echo one; exit 3', retries: { limit: 1, backoff: { initial: '1h' } } };
    const uid = await createRun(up.client, { kind: 'Pipeline', jobs: { only } });
    const session = chainr(['logs', uid, '-f', '--server', up.url]);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal('one\n');
    expect(session.stderr).to.match(/^The job goes on \(PENDING, RetryBackoff\): .* only --follow --server \S+\n$/);
  });

  it('stops in order at a Ctrl-C during the start', async () => {
    const home = await folders.make();
    const up = beginUp(home);
    const begun = () => serversOf(home).map(({ command }) => command);
    await untilFound('its Redis', begun, (commands) => commands.some((command) => command.includes('redis-server')));
    up.signal('SIGINT');
    expect(await up.ended).to.deep.equal({ code: 0, signal: null });
    expect(up.output).to.not.contain('Error');
    await untilGone(() => processesOf(home));
  });
});
