import { expect } from 'chai';
import { timelineSchema } from '@chainr/core/api/contract/timeline-resource';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const job = { image: 'busybox', run: 'exit 0' };

describe('chainr describe', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  const at = (...args: string[]) => chainr([...args, '--server', server.url]);
  const create = async (jobs: Record<string, unknown>) => {
    const stdin = JSON.stringify({ kind: 'Pipeline', metadata: { name: 'told', labels: { team: 'a' } }, jobs });
    const session = chainr(['run', '-', '--server', server.url], { stdin });
    expect(await session.exitCode, session.stderr).to.equal(0);
    return session.stdout.trim();
  };

  it('says that there are no runs if latest is named', async () => {
    const session = at('describe', 'latest');
    expect(await session.exitCode).to.equal(2);
    expect(session.stderr).to.equal('chainr: there are no runs yet; chainr run FILE starts one.\n');
  });

  it('shows the facts, a bar for each job, the critical path and what failed', async () => {
    const uid = await create({
      first: job,
      second: { ...job, dependsOn: ['first'] },
      third: { ...job, dependsOn: ['second'] },
    });
    await server.work(uid, 0, []);
    await server.work(uid, 1, [], 'ExitCode', 3);
    const session = at('describe', 'latest');
    expect(await session.exitCode, session.stderr).to.equal(0);
    expect(session.stdout).to.match(new RegExp(`^Run +${uid}\nName +told\nStatus +FAILED\nLabels +team=a\n`));
    expect(session.stdout).to.match(
      /\nShares +waiting \S+ %, starting \S+ %, working \S+ %, overhead \S+ % \(along the critical path\)\n/,
    );
    expect(session.stdout).to.match(
      /\n\* first +SUCCESSFUL +\S+[-. ]*\n\* second +FAILED +\S+[-. ]*\n {2}third +SKIPPED +-\n/,
    );
    expect(session.stdout).to.match(/\nCritical path, waiting included {2}first \S+ > second \S+\n/);
    expect(session.stdout).to.match(
      /\n {2}second +ExitCode: Ended with exit code 3\. +chainr logs \S+ second --server \S+\n$/,
    );
  });

  it('shows titles beside names, and no column for them if there are none', async () => {
    const stdin = JSON.stringify({
      kind: 'Pipeline',
      title: 'Nightly build',
      jobs: { compile: { ...job, title: 'Compile the pages' }, check: job },
    });
    const run = chainr(['run', '-', '--server', server.url], { stdin });
    expect(await run.exitCode, run.stderr).to.equal(0);
    const shown = async (...args: string[]): Promise<string> => {
      const session = at(...args);
      expect(await session.exitCode, session.stderr).to.equal(0);
      return session.stdout;
    };
    const described = await shown('describe', 'latest');
    expect(described).to.match(/\nTitle +Nightly build\n/);
    expect(described)
      .to.match(/\n {2}JOB +TITLE +STATUS +TIME /)
      .and.match(/\n. compile +Compile the pages +PENDING /);
    expect(described).to.match(/\n. check +PENDING /);
    expect(await shown('get', 'latest')).to.match(/\nTitle +Nightly build\n/);
    expect(await shown('get', 'latest', 'compile')).to.match(/^Job +compile\nTitle +Compile the pages\n/);

    await create({ only: job });
    expect(await shown('describe', 'latest')).not.to.match(/title/i);
    expect(await shown('get', 'latest', 'only')).not.to.match(/title/i);
  });

  it('prints the timeline as JSON', async () => {
    const uid = await create({ only: job });
    const session = at('describe', uid, '-o', 'json');
    expect(await session.exitCode).to.equal(0);
    expect(timelineSchema.parse(JSON.parse(session.stdout)).metadata.run).to.equal(uid);
  });

  it('draws the first 100 jobs of a large run, and all with --all', async () => {
    await create(Object.fromEntries(Array.from({ length: 1100 }, (_, at) => [`job-${at}`, job])));
    const some = at('describe', 'latest');
    expect(await some.exitCode).to.equal(0);
    expect(some.stdout).to.contain('and 1000 more jobs: --all');
    const all = at('describe', 'latest', '--all');
    expect(await all.exitCode).to.equal(0);
    expect(all.stdout).to.contain('job-1099');
  });
});
