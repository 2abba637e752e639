import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';

const script = path.resolve('deploy/deploy.sh');
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe('make deploy, before it changes anything', () => {
  let folder: string;
  before(function () {
    if (hasKubectl) return;
    console.log('      left out: kubectl is not installed');
    this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chainr-deploy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const environment = (env: NodeJS.ProcessEnv) => ({
    PATH: process.env['PATH'],
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    HELM: '-',
    ...env,
  });
  const deploy = (env: NodeJS.ProcessEnv) => {
    const { status, stdout, stderr } = spawnSync(script, {
      env: environment(env),
      encoding: 'utf8',
      input: '',
    });
    return { status, text: `${stdout}${stderr}` };
  };
  /** For a cluster that is in this process. */
  const deployHere = async (env: NodeJS.ProcessEnv) => {
    const child = spawn(script, { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (text += part));
    const [status] = (await once(child, 'close')) as [number];
    return { status, text };
  };
  const kubeconfig = (server: string): string => {
    const name = 'test';
    const file = path.join(folder, 'kubeconfig');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server } }],
      users: [{ name, user: { token: 'any' } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'ours' } }],
      'current-context': name,
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  };

  it('says that there is no kubectl', () => {
    const programs = path.join(folder, 'programs');
    spawnSync('mkdir', [programs]);
    for (const name of ['bash', 'dirname', 'env']) {
      symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), path.join(programs, name));
    }
    expect(deploy({ PATH: programs }).text).to.match(/^kubectl is not installed/);
  });

  it('says that no cluster is chosen', () => {
    const { status, text } = deploy({ KUBECONFIG: '/dev/null' });
    expect([status, text.startsWith('kubectl has no current context')]).to.deep.equal([1, true]);
  });

  it('says which cluster does not answer', () => {
    const { status, text } = deploy({ KUBECONFIG: kubeconfig('http://127.0.0.1:1') });
    expect(status).to.equal(1);
    expect(text).to.contain('The cluster of the context test (http://127.0.0.1:1) cannot be used');
  });

  it('says what HELM names that is not Helm', () => {
    expect(deploy({ HELM: '/nowhere' }).text).to.contain('HELM is /nowhere, but there is no such program.');
    expect(deploy({ HELM: process.execPath }).text).to.contain('is not Helm 3 or 4');
  });

  describe('with a cluster', () => {
    const cluster = useKubernetes();
    const places = (): string => path.join(folder, 'chainr/clusters');

    it('asks before a place that it has not seen, and without an answer changes nothing', async () => {
      const { status, text } = await deployHere({ KUBECONFIG: cluster().kubeconfigFile });
      expect(status).to.equal(1);
      expect(text).to.contain(
        `You have not deployed to this place before: namespace default of the context stand-in (${cluster().url}).`,
      );
      expect(text).to.contain('set YES=1 if you mean it');
      expect(existsSync(places())).to.equal(false);
    });

    // kubectl sends no token by plain HTTP, so it may read nothing here.
    it('remembers a place', async () => {
      await deployHere({ KUBECONFIG: cluster().kubeconfigFile, YES: '1' });
      expect(readFileSync(places(), 'utf8')).to.equal(`${cluster().url} - default\n`);
      const again = await deployHere({ KUBECONFIG: cluster().kubeconfigFile });
      expect(again.text).not.to.contain('not deployed to this place');
      const elsewhere = await deployHere({ KUBECONFIG: cluster().kubeconfigFile, NAMESPACE: 'kube-system' });
      expect(elsewhere.text).to.contain('not deployed to this place before: namespace kube-system');
    });

    it('says which rights are missing', async () => {
      const { status, text } = await deployHere({ KUBECONFIG: cluster().kubeconfigFile, YES: '1' });
      expect(status).to.equal(1);
      expect(text).to.contain('You may not create deployments statefulsets services secrets');
    });

    it('says what TOPOLOGY, VALUES and MINUTES may be', async () => {
      const KUBECONFIG = cluster().kubeconfigFile;
      expect((await deployHere({ KUBECONFIG, TOPOLOGY: 'double' })).text).to.contain(
        'TOPOLOGY is double: it must be split or single.',
      );
      expect((await deployHere({ KUBECONFIG, VALUES: '/nowhere' })).text).to.contain(
        'VALUES names /nowhere, but there is no such file.',
      );
      expect((await deployHere({ KUBECONFIG, VALUES: 'package.json' })).text).to.contain('VALUES needs Helm');
      expect((await deployHere({ KUBECONFIG, MINUTES: 'five' })).text).to.contain('MINUTES is five');
    });
  });
});
