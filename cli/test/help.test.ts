import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Command } from 'commander';
import { createProgram } from '../src/create-program.js';
import { openChainr, type OpenChainr } from './open-chainr.js';
import { chainr } from './test-terminal.js';

/** Every visible command by its path, such as `get runs`. */
function commandsOf(command: Command, path: readonly string[] = []): (readonly string[])[] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
  return inner.flatMap((each) => [[...path, each.name()], ...commandsOf(each, [...path, each.name()])]);
}

const helpOf = async (...path: string[]) => {
  const session = chainr([...path, '--help']);
  expect(await session.exitCode, path.join(' ')).to.equal(0);
  return session.stdout;
};

describe('the help', () => {
  const { stdin, stdout, stderr } = process;
  const terminal = { stdin, stdout, stderr, env: {}, server: {}, colors: false, unicode: false };
  const program = createProgram({ ...terminal, onInterrupt: () => new AbortController().signal }, () => undefined);
  const paths = commandsOf(program);

  it('has a line for each command', async () => {
    const help = await helpOf();
    for (const [name = '', inner] of paths)
      if (inner === undefined) expect(help).to.match(new RegExp(`^ {2}${name}\\b`, 'm'));
  });

  it('of each command says how to name the server, and has an example or installation lines', async () => {
    for (const path of paths) {
      const help = await helpOf(...path);
      expect(help, path.join(' '))
        .to.match(/^(Examples?|Install):$/m)
        .and.to.contain('--server <url>');
      expect(help.replace(/\s+/g, ' '), path.join(' ')).to.contain('CHAINR_SERVER, or else http://127.0.0.1:8080');
    }
  });

  it('of a subcommand does not show the options of its parent', async () => {
    expect(await helpOf('get', 'workers')).to.not.contain('--watch');
  });

  it('of each command that watches says what the exit codes mean and what Ctrl-C does', async () => {
    for (const name of ['run', 'get', 'retry', 'rerun']) {
      const help = (await helpOf(name)).replace(/\s+/g, ' ');
      expect(help, name)
        .to.contain('exit code 0 if it is SUCCESSFUL, 1 if it is FAILED or CANCELED')
        .and.to.contain('Ctrl-C detaches without stopping the run (exit code 2)');
    }
    expect(await helpOf('logs')).to.contain('Ctrl-C');
  });

  it('is shown by the help command too, which reports unknown commands', async () => {
    const session = chainr(['help', 'get', 'runs']);
    expect(await session.exitCode).to.equal(0);
    expect(session.stdout).to.equal(await helpOf('get', 'runs'));
    const wrong = chainr(['help', 'cancle']);
    expect(await wrong.exitCode).to.equal(2);
    expect(wrong.stderr).to.match(/^error: unknown command "cancle", did you mean "cancel"\?\n/);
  });

  it('is pointed to by the message about a mistake', async () => {
    const session = chainr(['get', 'runs', '--nme', 'x']);
    expect(await session.exitCode).to.equal(2);
    expect(session.stderr).to.contain('Did you mean --name?').and.to.contain('(chainr get runs --help explains it)');
    for (const args of [
      ['--limit', '0'],
      ['-o', 'xml'],
    ]) {
      const own = chainr(['get', 'runs', ...args]);
      expect(await own.exitCode).to.equal(2);
      expect(own.stderr, args.join(' ')).to.contain('(chainr get runs --help explains it)');
    }
  });
});

describe('what a stranger gets wrong', () => {
  let server: OpenChainr;
  let uid: string;

  before(async () => {
    server = await openChainr();
    const stdin = JSON.stringify({ kind: 'Pipeline', jobs: { build: { image: 'busybox', run: 'exit 0' } } });
    const session = chainr(['run', '-', '--server', server.url], { stdin });
    await session.exitCode;
    uid = session.stdout.trim();
  });

  after(() => server.close());

  const said = async (...args: string[]) => {
    const session = chainr(args, { env: { CHAINR_SERVER: server.url } });
    expect(await session.exitCode, session.stdout).to.equal(2);
    return session.stderr;
  };

  it('is answered with a message that says what to do', async () => {
    expect(await said('get', uid, 'biuld')).to.equal('chainr: The run has no job "biuld", did you mean "build"?\n');
    expect(await said('why', uid, 'x')).to.equal('chainr: The run has no job "x"; it has build.\n');
    expect(await said('logs', '01990000')).to.equal(
      'chainr: "01990000" is not the uid of a run; write it in full, as chainr get lists it, or use latest.\n',
    );
    expect(await said('get', '--server', `${server.url}/api`)).to.contain('leave out "/api"');
    expect(await said('get', '--token-file', '/nowhere/token')).to.equal(
      'chainr: cannot read the token file /nowhere/token: the file does not exist.\n',
    );
    expect(await said('delete', uid, '--dry-run')).to.contain('you named a run');
    expect(await said('get', 'rnus')).to.equal('chainr: "rnus" is not the uid of a run, did you mean "runs"?\n');
    expect(await said('get', 'runs', '--watch')).to.contain('only a single run can be watched');
    expect(await said('get', uid, '--limit', '3')).to.contain('--limit applies to the list of runs');
    expect(await said('drain', '')).to.contain('is not the id of a worker');
    expect(await said('rerun', uid, 'Bad_Name'))
      .to.contain('no job "Bad_Name"')
      .and.to.contain('It has build.');
  });

  it('never puts an invalid job name into an address', async () => {
    for (const verb of ['get', 'why', 'logs', 'retry'])
      for (const name of ['', '.', '..', 'a/b'])
        expect(await said(verb, uid, name)).to.equal(`chainr: The run has no job "${name}"; it has build.\n`);
  });

  it('says if the server is not chainr', async () => {
    const other = createServer((_request, response) => response.writeHead(404).end('nothing here'));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await said('get', '--server', `http://127.0.0.1:${String(port)}`)).to.equal(
      'chainr: The server answered 404 Not Found. This is not a response of chainr; is --server correct?\n',
    );
    other.close();
  });

  it('reports a step that a job does not have', async () => {
    await server.work(uid, 0, ['one']);
    expect(await said('logs', uid, '--step', 'mian')).to.equal(
      'chainr: The job "build" has no step "mian", did you mean "main"?\n',
    );
  });
});
