import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { hiddenNumbers, numericConstants } from '../numeric-constants.js';

const script = resolve('scripts/write-state-tables.ts');
/** Node resolves it from the working directory. */
const loader = pathToFileURL(createRequire(resolve('package.json')).resolve('tsx')).href;

describe('a generated page', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'chainr-pages-'));
    mkdirSync(join(folder, 'docs'));
  });

  after(() => rmSync(folder, { recursive: true }));

  const write = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=chainr-source', `--import=${loader}`, script, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const check = () => {
    const { status, stderr } = write('--check');
    return [status, stderr];
  };
  const stale = [1, 'docs/states.md is stale: run make generate.\n'];

  it('fails the check while it is missing or stale, and never otherwise', () => {
    expect(check(), 'missing').to.deep.equal(stale);
    expect(write().status).to.equal(0);
    expect(check(), 'fresh').to.deep.equal([0, '']);
    appendFileSync(join(folder, 'docs/states.md'), 'written by hand\n');
    expect(check(), 'stale').to.deep.equal(stale);
    expect(readFileSync(join(folder, 'docs/states.md'), 'utf8'), 'the check writes nothing').to.contain('by hand');
  });
});

describe('the defaults', () => {
  it('are found wherever they are', () => {
    const found = new Map(numericConstants().map(({ file, name, value }) => [`${file} ${name}`, value]));
    expect(found.get('core/src/engine/retries.ts lossBackoffMs')).to.equal('1,000, 10,000, 60,000');
    expect(found.get('core/src/pipeline/limits.ts pipelineLimits.bodyBytes')).to.equal('8,388,608');
    expect(found.get('core/src/store/script/library.ts bundleMax')).to.equal('32');
    expect(hiddenNumbers()).to.deep.equal([]);
  });
});
