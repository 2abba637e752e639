import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Lets a command `chainr` run the pipeline of the README on processes, as `make run` does, and expects its right end. */
export async function runReadme(program: string, home: string): Promise<void> {
  const env = { ...process.env, CHAINR_HOME: home, PORT: '0', CHAINR_EXECUTOR: 'process', NODE_OPTIONS: '' };
  const args = [program, 'up', '--example', path.join(root, 'examples/readme.json')];
  const child = spawn(process.execPath, args, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const ended = once(child, 'exit');
  const look = () => (child.exitCode === null ? output : `${output}Ended.`);
  await untilFound('chainr to serve', look, (text) => /(Serving|Ended)\./.test(text), { withinMs: 300_000 });
  child.kill('SIGINT');
  expect(await ended, output).to.deep.equal([0, null]);
  expect(output)
    .to.match(/first +SUCCESSFUL/)
    .and.to.match(/success +SUCCESSFUL/)
    .and.to.match(/error +SKIPPED/);
}
