import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { silentLogger } from '@chainr/testkit/open-store';
import { readConfig } from '../src/config.js';
import { createExecutor } from '../src/create-executor.js';

describe('the executor of a worker', () => {
  const needs = { instance: () => 'here', reach: () => Promise.resolve(), logger: silentLogger };
  let folder = '';
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-executor-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const refusalOf = async (executor: 'kubernetes' | 'fake', env: Record<string, string> = {}): Promise<string> => {
    const settings = readConfig({ CHAINR_HOME: folder, CHAINR_KUBECONFIG: path.join(folder, 'nowhere'), ...env });
    return String(await createExecutor({ ...settings, executor }, needs).catch((error: unknown) => error));
  };

  it('is never another one instead of one that there is not', async () => {
    expect(await refusalOf('fake')).to.contain(
      'There is no executor fake: set CHAINR_EXECUTOR to process, docker or kubernetes.',
    );
  });

  it('is never another one instead of Kubernetes without a cluster', async () => {
    expect(await refusalOf('kubernetes')).to.contain(`There is no kubeconfig ${path.join(folder, 'nowhere')}`);
  });

  it('does not start with a policy that is not there or has mistakes, and names all of them', async () => {
    const file = path.join(folder, 'policy.yaml');
    const env = { CHAINR_KUBERNETES_POLICY: file };
    expect(await refusalOf('kubernetes', env)).to.contain(`CHAINR_KUBERNETES_POLICY (${file}) cannot be used:\nENOENT`);
    await writeFile(file, 'allow: { hostPid: true, secrets: all }\nrunAsNonRoot: 1\n');
    expect((await refusalOf('kubernetes', env)).split('\n').slice(1)).to.have.members([
      'allow.hostPid: unknown field "hostPid", did you mean "hostPID"?',
      'allow.secrets: must be a list, but is the text "all"',
      'runAsNonRoot: must be true or false, but is the number 1',
    ]);
    await writeFile(file, 'allow: { secrets: [a] }');
    expect(await refusalOf('kubernetes', env)).to.contain('There is no kubeconfig');
  });

  describe('on Kubernetes', () => {
    const cluster = useKubernetes({ namespaces: ['builds'] });

    it('does not start before every namespace that it serves is there and lets it work', async () => {
      const namespaceRules = { verbs: ['get'], resources: ['namespaces'] };
      const podRules = { verbs: ['*'], resources: ['*'], namespace: 'default' };
      const kubeconfig = cluster().writeKubeconfig(cluster().addUser('worker', [namespaceRules, podRules]));
      const env = { CHAINR_KUBECONFIG: kubeconfig, CHAINR_KUBERNETES_NAMESPACES: 'default,nowhere,builds' };
      const refusal = await refusalOf('kubernetes', env);
      expect(refusal).to.contain('CHAINR_EXECUTOR is kubernetes, but there is no namespace nowhere at the API server');
      expect(refusal).to.contain('watch pods in the namespace builds: give it the Role of docs/kubernetes.md.');
    });

    it('serves a namespace once that is named twice', async () => {
      const env = {
        CHAINR_KUBECONFIG: cluster().kubeconfigFile,
        CHAINR_KUBERNETES_NAMESPACES: 'builds,default,builds',
      };
      const executor = await createExecutor({ ...readConfig({ CHAINR_HOME: folder, ...env }), executor: 'kubernetes' }, needs); // prettier-ignore
      expect(await executor.list()).to.deep.equal([]);
      expect(cluster().requests.get('list pods')).to.equal(2);
      await executor.close();
    });
  });
});
