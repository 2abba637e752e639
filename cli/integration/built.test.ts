import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { runReadme } from './run-readme.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the compiled command', function () {
  this.timeout(600_000);
  const folders = useDataFolders();

  before(() => execute(path.join(root, 'scripts', 'build-if-stale.sh'), { cwd: root }));

  it('runs the pipeline of the README, as `make run` does', async () => {
    await runReadme(path.join(root, 'cli/bin/chainr.js'), await folders.make());
  });

  describe('as a package of npm', () => {
    let folder: string;
    let archive: string;

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'chainr-packed-'));
      await execute(process.execPath, ['--import=tsx', 'scripts/package/pack-command.ts', folder], { cwd: root });
      [archive = ''] = await readdir(folder);
    });

    after(() => rm(folder, { recursive: true }));

    it('contains what runs: no sources, types, tests or tools for tests', async () => {
      const { stdout } = await execute('tar', ['-tzf', path.join(folder, archive)]);
      const files = stdout.trim().split('\n');
      expect(archive).to.match(/^chainr-\d+\.\d+\.\d+\.tgz$/);
      expect(files).to.include.members([
        'package/bin/chainr.js',
        'package/src/completion/chainr.bash',
        'package/node_modules/@chainr/ui/public/index.html',
        'package/node_modules/@chainr/executor/src/process/start/supervisor.sh',
        'package/node_modules/@chainr/sched/dist/pipelines/pipeline-thread.js',
      ]);
      const lua = path.join(root, 'core/src/store/lua');
      const scripts = (await readdir(lua, { recursive: true })).filter((file) => file.endsWith('.lua'));
      expect(files).to.include.members(
        scripts.map((file) => `package/node_modules/@chainr/core/src/store/lua/${file}`),
      );
      expect(
        files.filter((file) => /\.(ts|map|tsbuildinfo)$|\/(test|integration|fake|testkit|bench)\//.test(file)),
      ).to.deep.equal([]);
    });

    it('runs the pipeline of the README when it is installed in an empty folder', async () => {
      const installed = path.join(folder, 'installed');
      await mkdir(installed);
      const npm = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', path.join(folder, archive)];
      await execute('npm', npm, { cwd: installed });
      const command = path.join(installed, 'node_modules/.bin/chainr');
      expect((await execute(command, ['--help'])).stdout).to.match(/^Usage: chainr/);
      await runReadme(command, await folders.make());
    });
  });
});
