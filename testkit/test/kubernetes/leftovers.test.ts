import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import { whyNoContainers } from '@chainr/testkit/kubernetes/node/machine';
import { startKubernetes, type StandInKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';
import { processesOf } from '@chainr/testkit/processes-of';
import { untilFound } from '@chainr/testkit/until-found';
import { createPod, isRunning, podOf, untilPod, type Server } from './client.js';

/** A process that starts a stand-in, prints where it is, and stays. */
const program = `
import { startKubernetes } from '@chainr/testkit/kubernetes/start-kubernetes';
const { url, token, folder } = await startKubernetes();
console.log(JSON.stringify({ url, token, folder }));
`;

describe('what the stand-in of Kubernetes leaves behind', () => {
  before(function () {
    const why = whyNoContainers();
    if (why === undefined) return;
    console.log(`      left out: ${why}`);
    this.skip();
  });

  const startPods = async (server: Server): Promise<void> => {
    const sleeps = 'trap "" TERM; sleep 1000 & sleep 1000; true';
    await createPod(server, podOf('root', sleeps));
    await createPod(server, podOf('user', sleeps, { securityContext: { runAsUser: 1234 } }));
    for (const name of ['root', 'user']) await untilPod(server, name, 'to run', isRunning);
  };
  const untilNone = (folder: string) =>
    untilFound(
      'the processes to be gone',
      () => processesOf(folder),
      (found) => found.length === 0,
    );

  it('is nothing, when it is stopped', async () => {
    const kubernetes: StandInKubernetes = await startKubernetes();
    await startPods(kubernetes);
    expect(processesOf(kubernetes.folder)).to.not.be.empty;
    await kubernetes.stop();
    expect(processesOf(kubernetes.folder)).to.be.empty;
    expect(existsSync(kubernetes.folder)).to.be.false;
  });

  it('is no process, when its own is killed', async () => {
    const words = ['--conditions=chainr-source', '--import=tsx', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const server = JSON.parse(line.toString()) as Server & { folder: string };
    await startPods(server);
    expect(processesOf(server.folder)).to.not.be.empty;
    child.kill('SIGKILL');
    await untilNone(server.folder);
    rmSync(server.folder, { recursive: true });
  });
});
