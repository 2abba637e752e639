import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { freePort } from '@chainr/testkit/free-port';
import { topologies } from '../suite/manifests.js';

/** Images that the cluster can pull: `CHAINR_TEST_IMAGES=REGISTRY:TAG`. */
const [, registry = '', tag = ''] = /^(.+):([^:/]+)$/.exec(process.env['CHAINR_TEST_IMAGES'] ?? '') ?? [];

for (const topology of topologies) {
  describe(`make deploy with topology ${topology}`, function () {
    this.timeout(600_000);
    const namespace = `chainr-test-${randomUUID().slice(0, 8)}`;
    const folder = mkdtempSync(path.join(tmpdir(), 'chainr-deploy-'));
    let forward: ChildProcess | undefined;
    let server = '';
    let token = '';
    const environment = (): NodeJS.ProcessEnv => ({
      PATH: process.env['PATH'],
      HOME: folder,
      KUBECONFIG: testKubeconfig(),
      NAMESPACE: namespace,
      TOPOLOGY: topology,
      REGISTRY: registry,
      IMAGE_TAG: tag,
      HELM: '-',
      YES: '1',
    });
    const run = (program: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): string => {
      const { status, stdout, stderr } = spawnSync(program, args, {
        env: { ...environment(), ...env },
        encoding: 'utf8',
      });
      expect(status, `${program} ${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
      return stdout;
    };
    const kubectl = (...args: string[]): string => run('kubectl', ['-n', namespace, ...args]);

    before(function () {
      if (registry !== '') return;
      console.log('      left out: CHAINR_TEST_IMAGES=REGISTRY:TAG names no images');
      this.skip();
    });
    after(() => {
      forward?.kill();
      rmSync(folder, { recursive: true });
      if (registry !== '') kubectl('delete', 'namespace', namespace, '--wait=false');
    });

    it('ends when everything is ready, with the address and the first command', () => {
      const said = run(path.resolve('deploy/deploy.sh'));
      expect(said).to.contain(`kubectl -n ${namespace} port-forward service/chainr-gate 8080:80`);
      expect(said).to.contain('chainr run examples/readme.json --watch');
      const unready = kubectl(
        'get',
        'pods',
        '-o',
        'jsonpath={.items[*].status.containerStatuses[?(@.ready==false)].name}',
      );
      expect(unready).to.equal('');
    });

    it('runs the pipeline of the README as pods, with the token that it names', async () => {
      const encoded = kubectl('get', 'secret', 'chainr-token', '-o', 'jsonpath={.data.token}');
      token = Buffer.from(encoded, 'base64').toString();
      const port = await freePort();
      server = `http://127.0.0.1:${port}`;
      forward = spawn('kubectl', ['-n', namespace, 'port-forward', 'service/chainr-gate', `${port}:80`], {
        env: environment(),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(forward.stdout ?? forward, 'data');
      const cli = ['--conditions=chainr-source', '--import=tsx', 'cli/src/main.ts'];
      const said = run(process.execPath, [...cli, 'run', 'examples/readme.json', '--watch'], {
        CHAINR_SERVER: server,
        CHAINR_TOKEN: token,
      });
      expect(said).to.contain('3 SUCCESSFUL, 1 SKIPPED');
      expect(
        kubectl('get', 'pods', '-l', 'app.kubernetes.io/name=chainr-job', '-o', 'name').trim().split('\n'),
      ).to.have.length(3);
    });

    it('can be repeated, and keeps the token', () => {
      run(path.resolve('deploy/deploy.sh'));
      const encoded = kubectl('get', 'secret', 'chainr-token', '-o', 'jsonpath={.data.token}');
      expect(Buffer.from(encoded, 'base64').toString()).to.equal(token);
    });

    it('is undone by make undeploy but for the volume, and with DATA=1 altogether', () => {
      const kinds =
        'all,configmaps,secrets,serviceaccounts,roles,rolebindings,ingresses,networkpolicies,poddisruptionbudgets,persistentvolumeclaims';
      const untouched = /^(configmap\/(kube-root-ca|openshift-service-ca)\.crt|serviceaccount\/default|)$/;
      const left = (): string[] =>
        kubectl('get', kinds, '-o', 'name')
          .split('\n')
          .filter((name) => !untouched.test(name));
      const said = run(path.resolve('deploy/undeploy.sh'));
      expect(left()).to.deep.equal(['persistentvolumeclaim/chainr-redis']);
      expect(said).to.contain('persistentvolumeclaim/chainr-redis: the volume of Redis');
      run(path.resolve('deploy/undeploy.sh'), [], { DATA: '1' });
      expect(left()).to.deep.equal([]);
    });
  });
}
