import { expect } from 'chai';
import stringWidth from 'string-width';
import { jobExplanationSchema } from '@chainr/core/api/contract/explanation-resource';
import { runSchema } from '@chainr/core/api/contract/run-resource';
import { createRun } from './create-run.js';
import { FakeScreen } from './fake-screen.js';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };
const long = 'Compile every page of the manual, in each of the languages that it has been translated into so far';
/** The schema refuses control characters; these format characters would reorder a line. */
const steering = '\u202Etfel ot thgir\u2066';

describe('titles in the terminal', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  const shown = async (args: readonly string[], screen?: FakeScreen) => {
    const session = chainr([...args, '--server', server.url], { ...(screen && { screen }) });
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout;
  };
  const create = (title: string, jobs: Record<string, unknown> = { only: job }) =>
    createRun(server, { kind: 'Pipeline', metadata: { name: 'manual' }, title, jobs });

  const getRun = async (uid: string) => runSchema.parse(JSON.parse(await shown(['get', uid, '-o', 'json'])));

  it('are beside the names of runs, cut to the width of a terminal and complete in a file', async () => {
    const uid = await create(long);
    const narrow = (await shown(['get', 'runs'], new FakeScreen(110))).split('\n');
    expect(narrow[0]).to.match(/^RUN +NAME +STATUS +JOBS +AGE +DURATION +TITLE$/);
    expect(narrow[1]).to.match(new RegExp(`^${uid} +manual .* Compile [^\n]*\\.\\.$`));
    for (const line of narrow) expect(stringWidth(line), line).to.be.below(110);
    expect((await shown(['get', 'runs'])).split('\n')[1]).to.match(new RegExp(`${long}$`));
    expect(await shown(['get', 'runs'], new FakeScreen(20))).not.to.contain('Compile');
  });

  it('are above a watched run and beside the names of its jobs', async () => {
    const uid = await create('The manual', { compile: { ...job, title: long }, check: job });
    await server.work(uid, 0, []);
    await server.work(uid, 1, []);
    const tree = await shown(['get', uid, '--watch'], new FakeScreen(110));
    expect(tree).to.contain(`Run ${uid} (manual: The manual) SUCCESSFUL`);
    expect(tree).to.match(/\+ compile {2}Compile every page of the ma\.\. {2}SUCCESSFUL/);
    expect(tree).to.match(/\+ check {36}SUCCESSFUL/);
    const narrow = await shown(['get', uid, '--watch'], new FakeScreen(50));
    expect(narrow)
      .to.match(/\+ compile {2}SUCCESSFUL/)
      .and.not.contain('Compile');
    expect(await shown(['get', uid, '--watch'])).to.contain(`Run ${uid} (manual: The manual) SUCCESSFUL`);
  });

  it('are beside the jobs of a run, and of its rerun', async () => {
    const uid = await create('The manual', { compile: { ...job, title: long }, check: job });
    const table =
      /\nJOB +TITLE +STATUS +REASON +MESSAGE\ncompile {2}Compile every page of the ma\.\. {2}PENDING .*\ncheck {36}PENDING /;
    expect(await shown(['get', uid])).to.match(table);
    expect((await getRun(uid)).jobs.map(({ title }) => title)).to.deep.equal([long, undefined]);
    await server.work(uid, 0, [], 'ExitCode', 1);
    await server.work(uid, 1, [], 'ExitCode', 1);
    const rerun = (await shown(['rerun', uid])).trim();
    expect(await shown(['get', rerun])).to.match(table);
    expect(await shown(['get', 'runs', '-o', 'json', '--limit', '1'])).not.to.contain(long);
  });

  it('are in the explanation of a job', async () => {
    const uid = await create('The manual', { compile: { ...job, title: 'Compile the pages' } });
    expect(await shown(['why', uid, 'compile'])).to.match(/^compile \(Compile the pages\) is PENDING \(Queued\): /);
    const explained = JSON.parse(await shown(['why', uid, 'compile', '-o', 'json'])) as unknown;
    expect(jobExplanationSchema.parse(explained).metadata.title).to.equal('Compile the pages');
  });

  it('cannot steer the terminal, and do not misalign the columns', async () => {
    const uid = await create(`${steering} 漢字`, {
      compile: { ...job, title: `${steering} 漢字` },
      other: { ...job, title: 'x' },
    });
    await server.work(uid, 0, []);
    await server.work(uid, 1, []);
    for (const args of [['get'], ['get', uid], ['get', uid, 'compile'], ['describe', uid], ['why', uid, 'compile']])
      expect(await shown(args, new FakeScreen(110)), args[0]).to.not.match(/[\u202A-\u202E\u2066-\u2069]/);
    const tree = await shown(['get', uid, '--watch'], new FakeScreen(110));
    expect(tree).to.not.match(/[\u202A-\u202E\u2066-\u2069]/);
    const columns = [...tree.matchAll(/^\+ .*?(?=SUCCESSFUL)/gm)].map(([before]) => stringWidth(before));
    expect(new Set(columns).size).to.equal(1);
  });
});
