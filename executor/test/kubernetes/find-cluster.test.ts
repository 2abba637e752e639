import { expect } from 'chai';
import type { Rule } from '@chainr/testkit/kubernetes/api/authorize';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { findCredentials } from '../../src/kubernetes/api/credentials.js';
import { findCluster } from '../../src/kubernetes/find-cluster.js';

describe('the start of a worker', () => {
  const cluster = useKubernetes({ namespaces: ['builds', 'nightly'] });

  /** The Role of docs/kubernetes.md in a namespace, less some rights: `get pods/log`. */
  function role(namespace: string, ...without: string[]): Rule[] {
    const granted = ['create pods', 'delete pods', 'get pods', 'list pods', 'patch pods', 'watch pods', 'get pods/log'];
    return granted
      .filter((right) => !without.includes(right))
      .map((right) => right.split(' ') as [string, string])
      .map(([verb, resource]) => ({ verbs: [verb], resources: [resource], namespace }));
  }
  const readsHome: Rule = { verbs: ['get'], resources: ['namespaces'], resourceNames: ['builds'] };

  async function find(namespaces: string[], rules?: Rule[]): Promise<string> {
    const file = rules ? cluster().writeKubeconfig(cluster().addUser('worker', rules)) : cluster().kubeconfigFile;
    const found = await findCluster(await findCredentials(file, {}), namespaces);
    return 'id' in found ? found.id : found.absent;
  }
  const uidOf = (namespace: string) => cluster().store.get('namespaces', '', namespace)?.metadata.uid;

  it('finds its cluster with the documented rights in each namespace, and reads only the home namespace', async () => {
    const rules = [readsHome, ...role('builds'), ...role('nightly')];
    expect(await find(['builds', 'nightly'], rules)).to.equal(uidOf('builds'));
    expect(await find(['nightly', 'builds'])).to.equal(uidOf('nightly'));
  });

  for (const right of [
    'create pods',
    'delete pods',
    'get pods',
    'list pods',
    'patch pods',
    'watch pods',
    'get pods/log',
  ]) {
    it(`names the right that it lacks, and the namespace, also if that is not the first: ${right}`, async () => {
      const rules = [readsHome, ...role('builds'), ...role('nightly', right)];
      const absent = await find(['builds', 'nightly'], rules);
      expect(absent).to.match(/^the API server http:\S+ \(from \S+\) does not let this worker /);
      expect(absent).to.contain(`worker ${right} in the namespace nightly: give it the Role of docs/kubernetes.md`);
      expect(absent).not.to.contain('namespace builds');
    });
  }

  it('names all that is wrong at once', async () => {
    const rules = [readsHome, ...role('builds', 'watch pods', 'get pods/log')];
    const absent = await find(['builds', 'nightly'], rules);
    expect(absent).to.contain('does not let this worker get pods/log, watch pods in the namespace builds');
    expect(absent).to.contain('create pods, delete pods, get pods, get pods/log, list pods, patch pods, watch pods in the namespace nightly'); // prettier-ignore
  });

  it('names a namespace that is not there, and a home namespace that it may not read', async () => {
    expect(await find(['builds', 'bilds'])).to.match(/^there is no namespace bilds at the API server/);
    const absent = await find(['nightly', 'builds'], [readsHome, ...role('builds'), ...role('nightly')]);
    expect(absent).to.contain('does not let this worker read the namespace nightly');
  });

  it('trusts a cluster that does not tell its users what they may do', async () => {
    cluster().refuse({ verb: 'create', resource: 'selfsubjectaccessreviews', times: 7 }, 403);
    expect(await find(['builds'], [readsHome])).to.equal(uidOf('builds'));
  });

  it('says so where nobody answers, or its credentials are not accepted', async () => {
    const token = cluster().addUser('gone', []);
    const file = cluster().writeKubeconfig(token);
    cluster().revokeToken(token);
    expect(JSON.stringify(await findCluster(await findCredentials(file, {}), ['builds']))).to.contain('does not accept the credentials'); // prettier-ignore
    await cluster().stopServer();
    expect(await find(['builds', 'nightly'])).to.match(
      /^the API server \S+ \(from \S+\) cannot be asked: the API server does not answer: .*ECONNREFUSED/,
    );
    await cluster().startServer();
  });
});
