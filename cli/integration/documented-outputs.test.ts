import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { endOfRun, statusesOf } from './runs.js';
import { startUp, type Up } from './start-up.js';

const root = new URL('../../', import.meta.url);

/** The output of the last job of each example, in the order of the page. */
const told = ['deploying v1.2', 'first line\nLOOKS=like an output', 'the tag is none'];

describe('the examples of outputs', function () {
  this.timeout(60_000);
  const folders = useDataFolders();
  let up: Up;

  beforeEach(async () => {
    up = await startUp(await folders.make());
  });

  async function logAfter(text: string, job: string): Promise<string> {
    const { metadata } = await up.client.createRun({ text, contentType: 'application/yaml' });
    expect(statusesOf(await endOfRun(up.client, metadata.uid))).to.have.property(job, 'SUCCESSFUL');
    let log = '';
    for await (const line of up.client.readLogLines(metadata.uid, job, { follow: true })) log += `${line.text}\n`;
    return log;
  }

  it('end as docs/outputs-and-secrets.md says', async () => {
    const page = await readFile(new URL('docs/outputs-and-secrets.md', root), 'utf8');
    const examples = [...page.matchAll(/```yaml\n(kind: Pipeline\n[^]*?)```/g)].map(([, yaml = '']) => yaml);
    expect(examples).to.have.length(told.length);
    for (const [index, yaml] of examples.entries()) {
      const [last = ''] = [...yaml.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name).slice(-1);
      expect(await logAfter(yaml, last)).to.equal(`${told[index] ?? ''}\n`);
    }
  });

  it('end as examples/outputs.yaml says', async () => {
    const yaml = await readFile(new URL('examples/outputs.yaml', root), 'utf8');
    expect(await logAfter(yaml, 'tell')).to.match(/^all of v1\.\d+ is well \(since .+, by nobody\): one\nTWO=2\n$/);
  });
});
