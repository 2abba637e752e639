import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';

const program = `
import { runMain } from './core/src/service/run-main.ts';
import { Service } from './core/src/service/lifecycle.ts';
import { createLogger } from './core/src/service/logger.ts';
const mode = process.env.MODE;
const hang = () => new Promise(() => setInterval(() => {}, 1000));
await runMain('demo', () => {
  if (mode === 'bad-settings') throw new Error('CHAINR_X must be a number.');
  return new Service('demo', createLogger('demo', 'info'), [{
    name: 'part',
    start: async () => {
      if (mode === 'bad-start') throw new Error('Port 1 is taken.');
      if (mode === 'crash') setImmediate(() => { throw new Error('boom'); });
      if (mode === 'wait') { console.log('waiting'); await hang(); }
      setInterval(() => {}, 1000);
    },
    stop: mode === 'stuck' ? hang : async () => {},
  }]);
});
`;

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(mode: string): { child: ChildProcess; line: (part: string) => Promise<void>; ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    ['--conditions=chainr-source', '--import=tsx', '--input-type=module', '--eval', program],
    {
      cwd: new URL('../../../', import.meta.url),
      env: { ...process.env, MODE: mode },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const out: string[] = [];
  const err: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => out.push(line));
  child.stderr.on('data', (chunk) => err.push(String(chunk)));
  const line = async (part: string): Promise<void> => {
    await untilFound(
      `a line with ${part}`,
      () => out,
      (lines) => lines.some((text) => text.includes(part)),
    );
  };
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: out.join('\n'),
    stderr: err.join(''),
  }));
  return { child, line, ended };
}

describe('the process of a service', () => {
  it('stops on SIGTERM and exits with 0', async () => {
    const { child, line, ended } = run('');
    await line('started');
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.include('"msg":"stopped"');
  });

  it('stops while it still waits for something to start', async () => {
    const { child, line, ended } = run('wait');
    await line('waiting');
    child.kill('SIGINT');
    expect((await ended).code).to.equal(0);
  });

  it('exits at once on a second signal', async () => {
    const { child, line, ended } = run('stuck');
    await line('started');
    child.kill('SIGTERM');
    await line('stopping');
    child.kill('SIGTERM');
    expect((await ended).code).to.equal(1);
  });

  it('says in one sentence why it cannot start, and exits with 2', async () => {
    expect(await run('bad-settings').ended).to.include({ code: 2, stderr: 'demo: CHAINR_X must be a number.\n' });
    expect(await run('bad-start').ended).to.include({ code: 2, stderr: 'demo: Port 1 is taken.\n' });
  });

  it('logs an uncaught error, and exits with 1', async () => {
    const { code, stdout } = await run('crash').ended;
    expect(code).to.equal(1);
    expect(stdout).to.include('"level":"fatal"').and.to.include('boom');
  });
});
