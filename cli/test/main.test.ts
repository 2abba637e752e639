import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openChainr, type OpenChainr } from './open-chainr.js';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe('the process of chainr', () => {
  let server: OpenChainr;

  before(async () => {
    server = await openChainr();
  });

  after(() => server.close());

  it('detaches from a run at SIGINT and exits with 2', async () => {
    const args = ['--conditions=chainr-source', '--import=tsx', main, 'run', '-', '--watch', '--server', server.url];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(JSON.stringify({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'exit 0' } } }));
    const [stderr] = await Promise.all([
      text(child.stderr),
      once(child.stdout, 'data').then(() => child.kill('SIGINT')),
    ]);
    expect(stderr).to.match(
      /^\nDetached; the run continues\. Watch it again with: chainr get \S+ --watch --server http:\S+\n$/,
    );
    expect(child.exitCode ?? ((await once(child, 'exit')) as [number])[0]).to.equal(2);
  });

  it('reports that its output cannot be written, and exits with 2', async () => {
    const full = await open('/dev/full', 'w');
    const args = ['--conditions=chainr-source', '--import=tsx', main, 'completion', 'bash'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', full.fd, 'pipe'] });
    const ended = once(child, 'exit') as Promise<[number]>;
    expect(await text(child.stderr!)).to.equal('chainr: cannot write to standard output: no space left.\n');
    expect((await ended)[0]).to.equal(2);
    await full.close();
  });
});
