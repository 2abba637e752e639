import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { completionScript } from '../src/completion/shells.js';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

const pipeline = JSON.stringify({
  kind: 'Pipeline',
  metadata: { name: 'told' },
  jobs: { build: { image: 'busybox', run: 'exit 0' }, 'unit-tests': { image: 'busybox', run: 'exit 0' } },
});

describe('completion', () => {
  let server: OpenChainr;
  let uid: string;

  before(async () => {
    server = await openChainr();
    const session = chainr(['run', '-', '--server', server.url], { stdin: pipeline });
    await session.exitCode;
    uid = session.stdout.trim();
  });

  after(() => server.close());

  const complete = async (words: readonly string[], url = server.url) => {
    const session = chainr(['complete', '--', ...words], { env: { CHAINR_SERVER: url } });
    expect([await session.exitCode, session.stderr], words.join(' ')).to.deep.equal([0, '']);
    return session.stdout.split('\n').filter((line) => line !== '');
  };
  const wordsFor = async (...words: string[]) => (await complete(words)).map((line) => line.split('\t')[0]);

  it('offers the commands that begin with the word', async () => {
    expect(await wordsFor(''))
      .to.include.members(['run', 'get', 'describe', 'completion'])
      .and.not.include('complete');
    expect(await complete(['val'])).to.deep.equal(['validate\tcheck a pipeline without a server']);
  });

  it('offers the options of a command, the global options and their values', async () => {
    expect(await wordsFor('logs', 'latest', '--')).to.include.members(['--follow', '--server']);
    expect(await wordsFor('get', '-o', '')).to.deep.equal(['text', 'json']);
    expect(await wordsFor('get', '--output', 'j')).to.deep.equal(['json']);
    expect(await wordsFor('completion', '')).to.deep.equal(['bash', 'zsh', 'fish']);
  });

  it('offers the values of an option, also after "=", and the commands for help', async () => {
    expect(await wordsFor('get', '--output=j')).to.deep.equal(['--output=json']);
    expect(await wordsFor('get', 'runs', '--status', 'F')).to.deep.equal(['FAILED']);
    expect(await wordsFor('help', 'ca')).to.deep.equal(['cancel']);
  });

  it('offers files where a file comes next', async () => {
    expect(await wordsFor('run', '')).to.deep.equal([':files']);
    expect(await wordsFor('run', '--token-file', '')).to.deep.equal([':files']);
  });

  it('asks the server for runs and for the jobs of a run', async () => {
    expect(await complete(['get', ''])).to.include.members(['latest\tthe newest run', `${uid}\ttold, PENDING`]);
    expect(await wordsFor('describe', uid.slice(0, 5))).to.deep.equal([uid]);
    expect(await wordsFor('logs', '--follow', uid, 'u')).to.deep.equal(['unit-tests']);
    expect(await wordsFor('--server', server.url, 'get', 'latest', '--limit', '3', '')).to.deep.equal([
      'build',
      'unit-tests',
    ]);
  });

  it('offers nothing, and prints no error, if no server answers or there is no such run', async () => {
    expect(await complete(['describe', ''], 'unix:/nowhere')).to.deep.equal([]);
    expect(await complete(['get', 'nonsense', ''])).to.deep.equal([]);
    expect(await complete(['get', 'a', 'b', 'c', ''])).to.deep.equal([]);
    expect(await complete(['nonsense', '--what', ''])).to.deep.equal([]);
  });

  it('prints the script of a shell', async () => {
    const session = chainr(['completion', 'fish']);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal(completionScript('fish'));
  });

  it('completes words in bash, at each place of the cursor and behind "="', () => {
    const stub = `chainr() { printf '%s\\n' "asked: $*" >&3; printf 'build\\tPENDING\\nunit tests\\t\\n'; }`;
    const press = (line: string) => {
      const key = `COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _chainr 3>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['--norc', '-c', `${stub}\n${completionScript('bash')}\n${key}`]).toString('utf8');
    };
    expect(press('chainr get latest ')).to.equal('asked: complete -- get latest \nbuild\nunit tests\n');
    expect(press('chainr --server http://127.0.0.1:8093 lo')).to.contain('-- --server http://127.0.0.1:8093 lo\n');
    // Bash splits the word at "=": only the part after it is completed.
    expect(press('chainr get --output=b')).to.contain('-- get --output=b\n');
  });
});
