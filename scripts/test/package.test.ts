import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { copyModule, copyWorkspace } from '../package/copy-package.js';

/** Node resolves it from the working directory. */
const loader = pathToFileURL(createRequire(path.resolve('package.json')).resolve('tsx')).href;

describe('what a package or an image is made of', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-package-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
  };
  const filesIn = async (at: string): Promise<string[]> =>
    (await readdir(path.join(folder, at), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(path.join(folder, at), path.join(entry.parentPath, entry.name)))
      .sort();

  /** Runs code of a script in the folder, where it finds the lock file of the test. */
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`--import=${loader}`, ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const packagesOf = (workspace: string): string[] => {
    const script = pathToFileURL(path.resolve('scripts/package/locked-packages.ts')).href;
    const code = `import { packagesOf } from ${JSON.stringify(script)};
      console.log(JSON.stringify(packagesOf(${JSON.stringify(workspace)}).map(({ folder, version }) => folder + ' ' + version)));`;
    const { status, stdout, stderr } = run('--input-type=module', '--eval', code);
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as string[];
  };
  const writeLock = (packages: Readonly<Record<string, object>>) =>
    write({ 'package-lock.json': JSON.stringify({ packages }) });

  describe('packages', () => {
    it('are those that a workspace needs, each from the folder where Node finds it', async () => {
      await writeLock({
        cli: { version: '1.0.0', dependencies: { '@own/core': '*', twice: '^2' }, devDependencies: { tool: '*' } },
        core: { name: '@own/core', version: '1.0.0', dependencies: { twice: '^1', deep: '*' } },
        'node_modules/@own/core': { resolved: 'core', link: true },
        'node_modules/twice': { version: '2.0.0' },
        'core/node_modules/twice': { version: '1.0.0', dependencies: { deep: '^1' } },
        'core/node_modules/twice/node_modules/deep': { version: '1.0.0' },
        'node_modules/deep': { version: '2.0.0' },
        'node_modules/tool': { version: '1.0.0', dev: true },
      });
      expect(packagesOf('cli')).to.deep.equal([
        'cli 1.0.0',
        'core 1.0.0',
        'core/node_modules/twice 1.0.0',
        'core/node_modules/twice/node_modules/deep 1.0.0',
        'node_modules/deep 2.0.0',
        'node_modules/twice 2.0.0',
      ]);
    });

    it('are not the optional ones, except where something needs them', async () => {
      await writeLock({
        ui: { version: '1.0.0', dependencies: { fast: '*', plain: '*' } },
        'node_modules/fast': { version: '1.0.0', optionalDependencies: { native: '*', both: '*' } },
        'node_modules/plain': {
          version: '1.0.0',
          dependencies: { both: '*' },
          peerDependencies: { host: '*', maybe: '*' },
          peerDependenciesMeta: { maybe: { optional: true } },
        },
        'node_modules/native': { version: '1.0.0' },
        'node_modules/both': { version: '1.0.0' },
        'node_modules/host': { version: '1.0.0' },
        'node_modules/maybe': { version: '1.0.0' },
      });
      const needed = ['both', 'fast', 'host', 'plain'].map((name) => `node_modules/${name} 1.0.0`);
      expect(packagesOf('ui')).to.deep.equal([...needed, 'ui 1.0.0']);
    });

    it('must all be in the lock file', async () => {
      await writeLock({ ui: { version: '1.0.0', dependencies: { gone: '*' } } });
      expect(() => packagesOf('ui')).to.throw('package-lock.json has no gone, which ui needs');
    });

    it('must have a license that is allowed', async () => {
      await writeLock({
        cli: { version: '1.0.0', dependencies: { free: '*', strict: '*', silent: '*' } },
        'node_modules/free': { version: '1.0.0', license: 'MIT' },
        'node_modules/strict': { version: '2.0.0', license: 'AGPL-3.0' },
        'node_modules/silent': { version: '3.0.0' },
      });
      await mkdir(path.join(folder, 'docs'));
      const { status, stderr } = run(path.resolve('scripts/write-licenses-page.ts'));
      expect(status).to.equal(1);
      const mend = 'remove it, or allow that in scripts/write-licenses-page.ts.';
      expect(stderr.trim().split('\n')).to.deep.equal([
        `silent 3.0.0 has the license unknown: ${mend}`,
        `strict 2.0.0 has the license AGPL-3.0: ${mend}`,
      ]);
    });
  });

  it('is of a package of npm what runs, and its license', async () => {
    await write({
      'from/package.json': '{}',
      'from/index.js': '',
      'from/index.js.map': '',
      'from/index.d.ts': '',
      'from/lib/data.proto': '',
      'from/LICENSE.md': '',
      'from/README.md': '',
      'from/.eslintrc': '',
      'from/node_modules/other/index.js': '',
      'from/prebuilds/linux/fast.node': '\x7fELF',
      'from/build/Release/Makefile': '',
    });
    await copyModule(path.join(folder, 'from'), path.join(folder, 'to'));
    expect(await filesIn('to')).to.deep.equal(['LICENSE.md', 'index.js', 'lib/data.proto', 'package.json']);
  });

  for (const [kind, start] of [
    ['Linux', '\x7fELF\x02'],
    ['Windows', 'MZ\x90\x00'],
    ['macOS', '\xcf\xfa\xed\xfe'],
  ] as const) {
    it(`is never native code of ${kind}, whatever its name is`, async () => {
      await mkdir(path.join(folder, 'from'));
      await writeFile(path.join(folder, 'from/tool.js'), start, 'latin1');
      const copied = copyModule(path.join(folder, 'from'), path.join(folder, 'to')).then(() => 'copied', String);
      expect(await copied).to.match(/from\/tool\.js is native code, which runs on one platform only$/);
    });
  }

  it('is of a workspace what was compiled of its sources, and the files beside them that it reads', async () => {
    await write({
      'from/package.json': '{}',
      'from/tsconfig.json': '{}',
      'from/bin/tool.js': '#!/usr/bin/env node',
      'from/src/main.ts': '',
      'from/src/lua/claim.lua': '',
      'from/src/fake/fake.ts': '',
      'from/dist/main.js': '',
      'from/dist/main.js.map': '',
      'from/dist/main.d.ts': '',
      'from/dist/.tsbuildinfo': '',
      'from/dist/removed.js': '',
      'from/dist/fake/fake.js': '',
      'from/test/main.test.ts': '',
    });
    await chmod(path.join(folder, 'from/bin/tool.js'), 0o755);
    await copyWorkspace(path.join(folder, 'from'), path.join(folder, 'to'));
    expect(await filesIn('to')).to.deep.equal(['bin/tool.js', 'dist/main.js', 'package.json', 'src/lua/claim.lua']);
  });

  it('must be compiled before', async () => {
    await write({ 'from/package.json': '{}', 'from/src/main.ts': '' });
    const copied = copyWorkspace(path.join(folder, 'from'), path.join(folder, 'to')).then(() => 'copied', String);
    expect(await copied).to.match(/from is not compiled: run npm run build$/);
  });
});
