import { expect } from 'chai';
import { FakeScreen } from './fake-screen.js';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };
const pipeline = JSON.stringify({
  kind: 'Pipeline',
  metadata: { name: 'two' },
  jobs: { first: job, second: { ...job, dependsOn: ['first'] } },
});

describe('chainr on a terminal', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  const watch = (screen: FakeScreen, ...args: string[]) =>
    chainr(['run', '-', '--watch', ...args, '--server', server.url], { stdin: pipeline, screen });
  const uidIn = /Run ([0-9a-f-]{36})/;

  it('draws a run as a tree until it ends, and restores the cursor', async () => {
    const screen = new FakeScreen();
    const session = watch(screen);
    const [, uid = ''] = await session.until(uidIn);
    expect(screen.cursorHidden).to.equal(true);
    const first = await server.start(uid, 0);
    await session.until(/> first +RUNNING +\S+ +Starting.*\n +\. second +PENDING/);
    await first.finish();
    await session.until(/\+ first +SUCCESSFUL/);
    await server.work(uid, 1, []);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.match(/\+ second +SUCCESSFUL.*\n.*Run \S+ SUCCESSFUL after \S+: 2 SUCCESSFUL\n$/);
    expect(screen.cursorHidden).to.equal(false);
  });

  it('redraws when the size of the terminal changes', async () => {
    const screen = new FakeScreen();
    const session = watch(screen);
    await session.until(/second/);
    screen.resize(20, 3);
    await session.until(/: 2 PENDING/);
    session.interrupt();
    expect(await session.exitCode).to.equal(2);
  });

  it('detaches at Ctrl-C and restores the cursor', async () => {
    const screen = new FakeScreen();
    const session = watch(screen);
    const [, uid = ''] = await session.until(uidIn);
    session.interrupt();
    expect(await session.exitCode).to.equal(2);
    expect(session.stderr).to.contain(`chainr get ${uid} --watch`);
    expect(screen.cursorHidden).to.equal(false);
  });

  it('shows a run that began earlier, with its history', async () => {
    const first = chainr(['run', '-', '--server', server.url], { stdin: pipeline });
    await first.exitCode;
    const uid = first.stdout.trim();
    await server.work(uid, 0, [], 'ExitCode', 3);
    const session = chainr(['get', 'latest', '--watch', '--server', server.url], { screen: new FakeScreen() });
    expect(await session.exitCode).to.equal(1);
    expect(session.stdout).to.match(/x first +FAILED +(\S+ +)?ExitCode: Ended with exit code 3\./);
    expect(session.stdout).to.match(/- second +SKIPPED +ConditionNotMet/);
    expect(session.stdout).to.contain(`chainr logs ${uid} first`);
  });

  it('prints only JSON with -o json', async () => {
    const session = watch(new FakeScreen(), '-o', 'json');
    const [, uid = ''] = await session.until(/"uid":"([0-9a-f-]{36})"/);
    await server.work(uid, 0, []);
    await server.work(uid, 1, []);
    expect(await session.exitCode).to.equal(0);
    expect(() =>
      session.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).to.not.throw();
  });
});
