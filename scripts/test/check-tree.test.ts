import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const tsx = createRequire(import.meta.url).resolve('tsx');
const script = fileURLToPath(new URL('../check-tree.ts', import.meta.url));

describe('the check of the tree', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'chainr-tree-'));
    execFileSync('git', ['init', '--quiet', root]);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function look(files: Record<string, string>): { code: number | null; said: string } {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      writeFileSync(join(root, file), text.replaceAll('%', '').replace('{root}', root));
    }
    const { status, stderr } = spawnSync(process.execPath, ['--import', tsx, script], {
      cwd: root,
      encoding: 'utf8',
    });
    return { code: status, said: stderr };
  }

  it('finds what must never be committed, with its place', () => {
    // Each % is removed. Without them this file itself would be found.
    const { code, said } = look({
      'machine-path.md': 'see {root}/src',
      'undone.ts': '// TO%DO later',
      'alone.test.ts': "describe.%only('x', () => {});",
      'silenced-linter.ts': '// eslint-%disable-next-line',
      'silenced-compiler.ts': '// @ts-%ignore',
      'package-lock.json': '{\n  "resolved": %"https://packages.example/a.tgz"\n}',
      'src/utils.ts': 'export {};',
      'src/helpers/claim.ts': 'export {};',
    });
    expect(
      said
        .trim()
        .split('\n')
        .map((line) => line.split(': ')[0]),
    ).to.have.members([
      'machine-path.md:1',
      'undone.ts:1',
      'alone.test.ts:1',
      'silenced-linter.ts:1',
      'silenced-compiler.ts:1',
      'package-lock.json:2',
      'src/utils.ts',
      'src/helpers/claim.ts',
    ]);
    expect(code).to.equal(1);
  });

  it('accepts everything else, and only warns about a long file', () => {
    const { code, said } = look({ 'src/claim-job.ts': 'export {};\n'.repeat(400), 'README.md': 'See /etc/hosts.' });
    expect(said).to.include('src/claim-job.ts: warning: 401 lines');
    expect(code).to.equal(0);
  });

  it('ignores what git ignores', () => {
    expect(look({ '.gitignore': 'made/\n', 'made/a.ts': '// TO%DO' })).to.deep.equal({ code: 0, said: '' });
  });
});
