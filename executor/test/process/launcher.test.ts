import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { baseEnvironment } from '../../src/process/start/attempt-environment.js';
import { Launcher } from '../../src/process/start/launcher.js';

const request = { folder: 'run/job/1', plan: 'plan', tolerated: [false] };

describe('the launcher of processes', () => {
  const folders = useDataFolders();

  /** Sends until it throws, and returns the message. */
  async function untilRefused(launcher: Launcher): Promise<string> {
    return untilFound('the launcher to report its failure', () => {
      try {
        launcher.send(request);
        return '';
      } catch (error) {
        return error instanceof Error ? error.message : 'not an error';
      }
    });
  }

  it('reports a script that is missing, instead of losing requests without a word', async () => {
    const script = path.join(await folders.make(), 'supervisor.sh');
    const launcher = new Launcher('/tmp', baseEnvironment(process.env), '', script);
    expect(await untilRefused(launcher)).to.match(/^\/bin\/sh .*supervisor\.sh exited with code (2|127)\.$/);
    launcher.close();
  });

  it('reports a script that fails, and tries again', async () => {
    const script = path.join(await folders.make(), 'supervisor.sh');
    writeFileSync(script, 'exit 3\n');
    const launcher = new Launcher('/tmp', baseEnvironment(process.env), '', script);
    for (const _ of [1, 2]) expect(await untilRefused(launcher)).to.equal(`/bin/sh ${script} exited with code 3.`);
    launcher.close();
  });
});
