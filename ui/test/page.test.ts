import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { FakeApi } from './fake-api.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

describe('the page of the runs', function () {
  let browser: Browser | undefined;
  let page: Page;
  let api: FakeApi;
  let problems: string[];

  before(async function () {
    if (executablePath === undefined) {
      console.log('      skipped: there is no Chromium here (apt-get install chromium)');
      this.skip();
    }
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
  });

  after(() => browser?.close());

  beforeEach(async () => {
    api = new FakeApi();
    await api.start();
    if (!browser) throw new Error('there is no browser');
    page = await browser.newPage();
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      // Chromium reports each refused or broken request here; the page tells them to the user.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        problems.push(message.text());
    });
  });

  afterEach(async () => {
    await page.close();
    await api.stop();
    expect(problems).to.deep.equal([]);
  });

  const open = (hash = ''): Promise<unknown> => page.goto(`${api.url}/${hash}`);
  const shows = (text: string): Promise<void> => page.getByText(text).first().waitFor();

  it('shows the runs with their status, name and counts', async () => {
    api.addRun('nightly', [
      { status: 'SUCCESSFUL', reason: 'Completed' },
      { status: 'RUNNING', reason: 'Executing' },
      {},
    ]);
    await open();
    const row = page.locator('#runs tr');
    await shows('nightly');
    expect(await row.innerText())
      .to.include('◐ running')
      .and.to.include('1 of 3');
    await shows('live');
  });

  it('says what to do when there are none', async () => {
    await open();
    await shows('There are no runs yet.');
  });

  it('changes with the events, without a reload', async () => {
    const run = api.addRun('nightly', [{ name: 'build', status: 'RUNNING', reason: 'Executing' }, { name: 'test' }]);
    await open(`#/runs/${run.metadata.uid}`);
    await shows('live');
    await shows('Executing');
    const { uid } = run.metadata;
    const asked = api.asked.length;
    api.tell({
      kind: 'job.status',
      run: uid,
      job: 'build',
      attempt: 1,
      status: 'SUCCESSFUL',
      reason: 'Completed',
      message: 'Ended with exit code 0.',
    });
    api.tell({
      kind: 'job.status',
      run: uid,
      job: 'test',
      attempt: 0,
      status: 'SKIPPED',
      reason: 'ConditionNotMet',
      message: 'A dependency …',
    });
    api.tell({ kind: 'run.status', run: uid, status: 'SUCCESSFUL' });
    api.tell({ kind: 'run.created', run: 'new-run', name: 'hourly', jobCount: 7 });
    await shows('hourly');
    await shows('ConditionNotMet');
    expect(await page.locator('#runs').innerText())
      .to.include('2 of 2')
      .and.to.include('0 of 7')
      .and.to.include('✓ successful');
    expect(api.asked.length).to.equal(asked);
  });

  it('continues from its cursor after the connection broke', async () => {
    api.addRun('nightly', [{}]);
    await open();
    await shows('live');
    api.breakStreams();
    await shows('connection lost');
    api.tell({ kind: 'run.created', run: 'missed', name: 'while-away', jobCount: 1 });
    await shows('while-away');
    expect(api.asked.filter((path) => path.startsWith('/api/runs'))).to.have.length(1);
  });

  it('reads everything again after a resync', async () => {
    await open();
    await shows('live');
    api.addRun('unseen', [{}]);
    api.tell({ kind: 'resync' });
    await shows('unseen');
  });

  it('shows the attempts and the log of a job, without terminal colors and markup', async () => {
    const run = api.addRun(
      'nightly',
      [{ name: 'build', status: 'FAILED', reason: 'ExitCode', message: 'Ended with exit code 3.' }],
      'FAILED',
    );
    const attempt = {
      status: 'FAILED',
      reason: 'ExitCode',
      message: 'Ended with exit code 3.',
      exitCode: 3,
      phases: {},
    } as const;
    const head = { kind: 'Job', metadata: { selfLink: '', run: run.metadata.uid, name: 'build' } } as const;
    api.jobs.set('build', {
      ...head,
      ...attempt,
      attempts: [
        { ...attempt, attempt: 1 },
        { ...attempt, attempt: 2 },
      ],
    });
    api.log = [{ text: '\u001b[31mred\u001b[0m text' }, { text: '<img src=x onerror=alert(1)>', stream: 'stderr' }];
    await open(`#/runs/${run.metadata.uid}/build`);
    await shows('end of the log');
    await shows('red text');
    expect(await page.locator('#log').innerText()).to.equal('red text\n<img src=x onerror=alert(1)>\n');
    expect(await page.locator('#log img').count()).to.equal(0);
    expect(await page.locator('#attempt-info').innerText())
      .to.include('ExitCode')
      .and.to.include('Ended with exit code 3.');
    const other = page.waitForResponse(/\/logs\?attempt=1&/);
    await page.locator('#attempt').selectOption('1');
    await other;
  });

  it('shows the titles of a run, its jobs and steps beside their names, as text', async () => {
    const status = { status: 'FAILED', reason: 'ExitCode', message: 'Ended with exit code 3.' } as const;
    const run = api.addRun('nightly', [{ name: 'build', title: 'Compile <b>all</b>' }, { name: 'test' }]);
    run.metadata.title = 'Every night & <i>more</i>';
    api.jobs.set('build', {
      kind: 'Job',
      metadata: { selfLink: '', run: run.metadata.uid, name: 'build', title: 'Compile <b>all</b>' },
      ...status,
      attempts: [{ ...status, attempt: 1, phases: {}, steps: [{ name: 'link', title: 'Link "it"' }] }],
    });
    api.log = [
      { text: 'linking', step: 'link' },
      { text: 'listening', step: 'db' },
    ];
    await open(`#/runs/${run.metadata.uid}/build`);
    await shows('linking');
    await shows('live');
    api.tell({ kind: 'job.status', run: run.metadata.uid, job: 'build', attempt: 1, ...status });
    await page.locator('#jobs').getByText('Ended with exit code 3.').waitFor();
    expect(await page.locator('#run-subtitle').innerText()).to.equal('Every night & <i>more</i>');
    expect(await page.locator('#job-subtitle').innerText()).to.equal('Compile <b>all</b>');
    expect(await page.locator('#jobs tr').first().innerText())
      .to.include('build')
      .and.to.include('Compile <b>all</b>');
    expect(await page.locator('#log span').first().getAttribute('title')).to.equal('link: Link "it"');
    expect(await page.locator('#log span').last().getAttribute('title'), 'a service').to.equal('db');
    expect(await page.locator('#detail :is(b, i)').count()).to.equal(0);
    api.jobs.set('test', {
      kind: 'Job',
      metadata: { selfLink: '', run: run.metadata.uid, name: 'test' },
      ...status,
      attempts: [],
    });
    await page.locator('#jobs').getByText('test').click();
    await page.locator('#job-title').getByText('test').waitFor();
    expect(await page.locator('#job-subtitle').isVisible()).to.equal(false);
  });

  it('joins the pieces of a line, and begins a new one for another step or for chainr itself', async () => {
    const status = { status: 'SUCCESSFUL', reason: 'Completed', message: 'Ended with exit code 0.' } as const;
    const run = api.addRun('nightly', [{ name: 'build', ...status }], 'SUCCESSFUL');
    const metadata = { selfLink: '', run: run.metadata.uid, name: 'build' };
    api.jobs.set('build', { kind: 'Job', metadata, ...status, attempts: [{ ...status, attempt: 1, phases: {} }] });
    api.log = [
      { text: 'half', newline: false },
      { text: ' and half', stream: 'stderr', newline: false },
      { text: 'of two', step: 'two', newline: false },
      { text: 'cut', step: 'two', stream: 'system' },
      { text: 'end', step: 'two' },
    ];
    await open(`#/runs/${run.metadata.uid}/build`);
    await shows('end of the log');
    await page.locator('#log').getByText('end').waitFor();
    expect(await page.locator('#log').innerText()).to.equal('half and half\nof two\ncut\nend\n');
  });

  it('starts with the log when the job starts', async () => {
    const run = api.addRun('nightly', [{ name: 'build' }]);
    const head = { kind: 'Job', metadata: { selfLink: '', run: run.metadata.uid, name: 'build' } } as const;
    api.jobs.set('build', { ...head, status: 'PENDING', reason: 'Queued', message: '', attempts: [] });
    await open(`#/runs/${run.metadata.uid}/build`);
    await shows('There is no attempt yet.');
    await shows('live');
    const attempt = {
      attempt: 1,
      status: 'RUNNING',
      reason: 'Executing',
      message: 'It is running.',
      phases: {},
    } as const;
    api.jobs.set('build', { ...head, ...attempt, attempts: [attempt] });
    api.tell({ kind: 'job.status', run: run.metadata.uid, job: 'build', ...attempt });
    await page.locator('#log').getByText('hello').waitFor();
  });

  it('stays fast with 10,000 jobs: it draws a hundred, and more on demand', async () => {
    const run = api.addRun(
      'large',
      Array.from({ length: 10_000 }, (_job, at) => ({ name: `job-${at}` })),
    );
    await open(`#/runs/${run.metadata.uid}`);
    await shows('the first 100 of 10000');
    expect(await page.locator('#jobs tr').count()).to.equal(100);
    await page.locator('#more-jobs').click();
    await shows('the first 200 of 10000');
    expect(await page.locator('#jobs tr').count()).to.equal(200);
    api.tell({
      kind: 'job.status',
      run: run.metadata.uid,
      job: 'job-9999',
      attempt: 1,
      status: 'FAILED',
      reason: 'ExitCode',
      message: '',
    });
    await page.locator('#filter').selectOption('FAILED');
    await page.locator('#jobs').getByText('job-9999').waitFor();
    expect(await page.locator('#jobs tr').count()).to.equal(1);
  });

  it('can be used with the keyboard alone', async () => {
    const run = api.addRun('second', [{ name: 'build' }]);
    api.addRun('first', [{}]);
    await open();
    await shows('second');
    await page.getByRole('link', { name: 'first' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('#jobs').getByText('build').waitFor();
    expect(page.url()).to.include(run.metadata.uid);
    expect(await page.locator('#runs tr.chosen').innerText()).to.include('second');
  });

  it('asks for the token, keeps it for this tab, and asks again if it is wrong', async () => {
    api.token = 'open-sesame';
    api.addRun('nightly', [{}]);
    await open();
    for (const token of ['wrong', 'open-sesame']) {
      await page.locator('#ask-token[open] #token').fill(token);
      await page.keyboard.press('Enter');
      if (token === 'wrong') await page.locator('#ask-token[open]').waitFor();
    }
    await shows('nightly');
    await page.reload();
    await shows('nightly');
    expect(await page.locator('#ask-token[open]').count()).to.equal(0);
  });

  it('says why a run cannot be shown', async () => {
    await open('#/runs/nobody');
    await shows('There is no run nobody.');
  });
});
