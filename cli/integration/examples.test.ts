import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { endOfRun, logOf, statusesOf } from './runs.js';
import { startUp, type Up } from './start-up.js';

const folder = new URL('../../examples/', import.meta.url);

/** The result of each example, according to its comments. */
const endings: Record<string, Record<string, string>> = {
  'build-and-test.yaml': {},
  'ci.yaml': { 'roll-back': 'SKIPPED', 'tell-author': 'SKIPPED' },
  'failure-branch.yaml': { deploy: 'FAILED', announce: 'SKIPPED' },
  'fan-out.yaml': {},
  'nightly-load.yaml': { 'extract-weather': 'FAILED', restore: 'SKIPPED' },
  'outputs.yaml': {},
  'readme.json': { error: 'SKIPPED' },
};

describe('the examples', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let up: Up;

  beforeEach(async () => {
    up = await startUp(await folders.make());
  });

  /** Runs an example, perhaps changed, until it ends. */
  const run = async (file: string, change: (text: string) => string = (text) => text) => {
    const text = change(await readFile(new URL(file, folder), 'utf8'));
    const contentType = file.endsWith('.json') ? 'application/json' : 'application/yaml';
    const { metadata } = await up.client.createRun({ text, contentType });
    return endOfRun(up.client, metadata.uid);
  };

  it('end as they say', async () => {
    // work/integration/services.test.ts runs the example of services: it needs containers.
    expect(await readdir(folder)).to.have.members([...Object.keys(endings), 'services.yaml']);
    const ended = await Promise.all(Object.keys(endings).map(async (file) => [file, await run(file)] as const));
    for (const [file, each] of ended) {
      expect(each.status, file).to.equal('SUCCESSFUL');
      const statuses = statusesOf(each);
      const wanted = Object.keys(statuses).map((name) => [name, endings[file]?.[name] ?? 'SUCCESSFUL']);
      expect(statuses, file).to.deep.equal(Object.fromEntries(wanted));
    }
  });

  it('take the failure branch of the CI pipeline when something breaks', async () => {
    const breaking = (job: string) => (text: string) => text.replace("BREAK: ''", `BREAK: ${job}`);
    const untested = await run('ci.yaml', breaking('unit-tests'));
    expect(statusesOf(untested)).to.include({
      'unit-tests': 'FAILED',
      publish: 'SKIPPED',
      'roll-back': 'SKIPPED',
      'tell-author': 'SUCCESSFUL',
    });
    const unpublished = await run('ci.yaml', breaking('publish'));
    expect(statusesOf(unpublished)).to.include({ publish: 'FAILED', 'roll-back': 'SUCCESSFUL' });
    const [said] = await logOf(up.client, unpublished.metadata.uid, 'roll-back');
    expect(said).to.match(/^taking hello 1\.4\.\d+ back$/);
  });
});
