import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the compiled command', function () {
  this.timeout(600_000);
  const folders = useDataFolders();

  it('runs the pipeline of the README, as `make run` does', async () => {
    await promisify(execFile)(path.join(root, 'scripts', 'build-if-stale.sh'), { cwd: root });
    const home = await folders.make();
    const env = { ...process.env, CHAINR_HOME: home, PORT: '0', CHAINR_EXECUTOR: 'process', NODE_OPTIONS: '' };
    const args = ['cli/bin/chainr.js', 'up', '--example', 'examples/readme.json'];
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
    const ended = once(child, 'exit');
    const look = () => (child.exitCode === null ? output : `${output}Ended.`);
    await untilFound('chainr to serve', look, (text) => /(Serving|Ended)\./.test(text), { withinMs: 300_000 });
    child.kill('SIGINT');
    expect(await ended, output).to.deep.equal([0, null]);
    expect(output)
      .to.match(/first +SUCCESSFUL/)
      .and.to.match(/success +SUCCESSFUL/)
      .and.to.match(/error +SKIPPED/);
  });
});
