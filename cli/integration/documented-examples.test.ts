import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { createRun, endOfRun, statusesOf } from './runs.js';
import { startUp, type Up } from './start-up.js';

const page = new URL('../../docs/pipelines.md', import.meta.url);

interface Ending {
  run: 'SUCCESSFUL' | 'FAILED';
  /** Jobs that do not end SUCCESSFUL. */
  jobs?: Record<string, string>;
}

/** How each example of docs/pipelines.md ends, by its heading. */
const endings: Record<string, Ending | 'needs curl, a secret and the internet' | 'needs images' | 'needs a cluster'> = {
  Pipeline: { run: 'SUCCESSFUL' },
  Job: 'needs curl, a secret and the internet',
  Step: { run: 'SUCCESSFUL' },
  Service: 'needs images',
  Kubernetes: 'needs a cluster',
  Dependency: { run: 'FAILED', jobs: { test: 'FAILED' } },
  'Going on after a failure': { run: 'SUCCESSFUL', jobs: { lint: 'FAILED' } },
  'Cleaning up at the end': { run: 'FAILED', jobs: { unit: 'FAILED', deploy: 'SKIPPED' } },
  'When at least one succeeded': { run: 'SUCCESSFUL', jobs: { 'first-mirror': 'FAILED', 'no-mirror': 'SKIPPED' } },
  'Shared parts': { run: 'SUCCESSFUL' },
  Duration: { run: 'SUCCESSFUL' },
  Quantity: { run: 'SUCCESSFUL' },
};

describe('the examples of docs/pipelines.md', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let up: Up;
  let home: string;
  const examples = new Map<string, string>();

  before(async () => {
    const text = await readFile(page, 'utf8');
    for (const [, heading = '', section = ''] of text.matchAll(/^##+ (.*)\n([^]*?)(?=^##+ |$(?![^]))/gm)) {
      const [, yaml] = /```yaml\n([^]*?)```/.exec(section) ?? [];
      if (yaml !== undefined) examples.set(heading, yaml);
    }
  });

  beforeEach(async () => {
    home = await folders.make();
    up = await startUp(home);
  });

  const run = async (text: string) => {
    const { metadata } = await up.client.createRun({ text, contentType: 'application/yaml' });
    return endOfRun(up.client, metadata.uid);
  };
  const expectEnding = async (text: string, { run: verdict, jobs = {} }: Ending, heading: string): Promise<void> => {
    const ended = await run(text);
    const statuses = statusesOf(ended);
    const wanted = Object.keys(statuses).map((name) => [name, jobs[name] ?? 'SUCCESSFUL']);
    expect([ended.status, statuses], heading).to.deep.equal([verdict, Object.fromEntries(wanted)]);
  };

  it('end as the page says', async () => {
    expect([...examples.keys()]).to.have.members(Object.keys(endings));
    await Promise.all(
      [...examples].map(async ([heading, text]) => {
        const ending = endings[heading];
        if (typeof ending === 'object') await expectEnding(text, ending, heading);
      }),
    );
  });

  it('take the other branch if other jobs fail', async () => {
    const heading = 'When at least one succeeded';
    const noneWorks = (examples.get(heading) ?? '').replace('exit 0', 'exit 1');
    await expectEnding(
      noneWorks,
      {
        run: 'FAILED',
        jobs: { 'first-mirror': 'FAILED', 'second-mirror': 'FAILED', 'no-mirror': 'FAILED', publish: 'SKIPPED' },
      },
      heading,
    );
    const goingOn = 'Going on after a failure';
    const nothingFails = (examples.get(goingOn) ?? '').replace('exit 1', 'exit 0');
    await expectEnding(nothingFails, { run: 'SUCCESSFUL' }, goingOn);
  });

  it('show that a job that waits only for a skipped one can run while others still run', async () => {
    const gate = path.join(home, 'go-on');
    const all = { success: true, failure: true, skipped: true };
    const uid = await createRun(up.client, {
      kind: 'Pipeline',
      jobs: {
        unit: { image: 'busybox', run: 'exit 1' },
        slow: { image: 'busybox', run: `while [ ! -e '${gate}' ]; do sleep 0.05; done` },
        deploy: { image: 'busybox', run: 'exit 0', dependsOn: ['unit', 'slow'] },
        teardown: { image: 'busybox', run: 'exit 0', dependsOn: [{ job: 'deploy', conditions: all }] },
      },
    });
    for await (const event of up.client.followEvents(undefined)) {
      if (event.kind === 'job.status' && event.job === 'teardown' && event.status === 'SUCCESSFUL') break;
    }
    expect(existsSync(gate)).to.equal(false);
    expect((await up.client.getJob(uid, 'slow')).status).to.equal('RUNNING');
    await writeFile(gate, '');
    expect(statusesOf(await endOfRun(up.client, uid))).to.include({ slow: 'SUCCESSFUL', deploy: 'SKIPPED' });
  });
});
