import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { readManifests, topologies, type Manifest } from '../suite/manifests.js';

/** `create delete get` of `pods`, as docs/deploy.md says in its table of rights. */
function documentedRights(account: string): string[] {
  const rows = readFileSync('docs/deploy.md', 'utf8').matchAll(/^\| `(chainr[\w-]*)` +\|([^|]*)\|([^|]*)\|([^|]*)\|/gm);
  return [...rows]
    .filter(([, name, , resource = '']) => name === account && resource.trim() !== '')
    .map(([, , , resource = '', verbs = '']) => `${plain(resource)}: ${plain(verbs)}`)
    .sort();
}

const plain = (cell: string): string => cell.replaceAll('`', '').trim();

describe('chainr in a namespace with Pod Security restricted', function () {
  this.timeout(120_000);
  const namespace = `chainr-test-${randomUUID().slice(0, 8)}`;
  const kubectl = (args: string[], input = '') =>
    spawnSync('kubectl', args, { env: { ...process.env, KUBECONFIG: testKubeconfig() }, input, encoding: 'utf8' });
  const must = (args: string[], input = ''): string => {
    const { status, stdout, stderr } = kubectl(args, input);
    expect(status, `kubectl ${args.join(' ')}: ${stderr}`).to.equal(0);
    return stdout;
  };
  /** As a kustomization would write them for this namespace. */
  const here = (manifests: readonly Manifest[]): string => {
    const subjects = [{ kind: 'ServiceAccount', name: 'chainr-work', namespace }];
    const items = manifests.map((each) => ('subjects' in each ? { ...each, subjects } : each));
    return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  };

  before(() => {
    must(['create', 'namespace', namespace]);
    const levels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    must(['label', 'namespace', namespace, ...levels]);
    const kinds = ['ServiceAccount', 'Role', 'RoleBinding'];
    must(
      ['-n', namespace, 'apply', '-f', '-'],
      here(readManifests('split').filter(({ kind }) => kinds.includes(kind))),
    );
  });
  after(() => must(['delete', 'namespace', namespace, '--wait=false']));

  for (const account of ['chainr', 'chainr-work']) {
    it(`gives ${account} exactly the rights of docs/deploy.md`, () => {
      const listed = must([
        '-n',
        namespace,
        'auth',
        'can-i',
        '--list',
        '--no-headers',
        `--as=system:serviceaccount:${namespace}:${account}`,
      ]);
      // Resource, addresses, names, verbs; what every account may is about itself or about addresses.
      const rights = listed.split('\n').flatMap((line) => {
        const [, resource = '', names = '', verbs = ''] = /^(\S+) +\[\] +\[(.*)\] +\[(.*)\]$/.exec(line) ?? [];
        return resource === '' || resource.startsWith('selfsubject') ? [] : [`${resource}${names}: ${verbs}`];
      });
      expect(rights.sort()).to.deep.equal(documentedRights(account));
    });
  }

  it('refuses what is not in the table', () => {
    for (const question of [
      'get secrets',
      'create deployments',
      'list nodes',
      'create pods --subresource=exec',
      'get pods -n kube-system',
    ]) {
      const args = [
        '-n',
        namespace,
        'auth',
        'can-i',
        ...question.split(' '),
        `--as=system:serviceaccount:${namespace}:chainr-work`,
      ];
      expect(kubectl(args).stdout, question).to.equal('no\n');
    }
  });

  for (const topology of topologies) {
    it(`accepts all manifests of topology ${topology} without a warning`, () => {
      const { status, stderr } = kubectl(
        ['-n', namespace, 'apply', '--dry-run=server', '--validate=strict', '-f', '-'],
        here(readManifests(topology)),
      );
      expect([status, stderr]).to.deep.equal([0, '']);
    });
  }
});
