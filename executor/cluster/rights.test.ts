import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { MistakeList } from '@chainr/core/pipeline/mistakes';
import { toPlain } from '@chainr/core/pipeline/plain-values';
import { readYaml } from '@chainr/core/pipeline/reading/read-yaml';
import { Cluster } from '@chainr/testkit/cluster/cluster';
import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { untilFound } from '@chainr/testkit/until-found';
import { ApiClient } from '../src/kubernetes/api/api-client.js';
import { findCredentials, type Credentials } from '../src/kubernetes/api/credentials.js';
import { createKubernetesExecutor } from '../src/kubernetes/create-kubernetes-executor.js';
import { findCluster } from '../src/kubernetes/find-cluster.js';
import type { Executor } from '../src/port.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf, untilExecuting } from '../suite/place.js';

type Rule = Record<'apiGroups' | 'resources' | 'verbs', string[]> & { resourceNames?: string[] };

const page = readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');
const [, written = ''] = /```yaml\n(apiVersion: rbac[^]*?)```/.exec(page) ?? [];
const role = toPlain(readYaml(written), [], new MistakeList()) as { metadata: { namespace: string }; rules: Rule[] };

/** The Role of docs/kubernetes.md, without the rules for those who use secrets. */
const rulesFor = (namespace: string): Rule[] =>
  role.rules
    .filter(({ resources }) => !resources.includes('secrets'))
    .map((rule) => {
      const { resourceNames } = rule;
      if (!resourceNames) return rule;
      return {
        ...rule,
        resourceNames: resourceNames.map((name) => (name === role.metadata.namespace ? namespace : name)),
      };
    });

describe('the Role of a worker', function () {
  this.timeout(120_000);
  let admin: ApiClient;
  let credentials: Credentials;
  let namespace = '';
  const made: string[] = [];

  before(async () => {
    credentials = await findCredentials(testKubeconfig(), process.env);
    admin = new ApiClient(credentials);
    namespace = credentials.namespace;
  });
  after(async () => {
    for (const path of made) await admin.call('DELETE', path);
    admin.close();
  });

  async function make(path: string, body: object): Promise<void> {
    const { metadata } = await admin.call<{ metadata: { name: string } }>('POST', path, { body });
    made.unshift(`${path}/${metadata.name}`);
  }

  /** The credentials of a service account with these rights and no others. */
  async function userWith(rules: Rule[]): Promise<Credentials> {
    const name = `worker-${randomUUID().slice(0, 8)}`;
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await make(accounts, { metadata: { name } });
    await make(`${rbac}/roles`, { metadata: { name }, rules });
    await make(`${rbac}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { status } = await admin.call<{ status: { token: string } }>('POST', `${accounts}/${name}/token`, {
      body: asked,
    });
    const { cert: _cert, key: _key, ...tls } = (await credentials.access()).tls;
    const access = { headers: { authorization: `Bearer ${status.token}` }, tls };
    return { ...credentials, access: () => Promise.resolve(access), forget: () => undefined };
  }

  const open = (user: Credentials): Executor => {
    const instance = randomUUID();
    return createKubernetesExecutor({
      credentials: user,
      clusterId: 'test',
      namespaces: [namespace],
      instance: () => instance,
      stopGraceMs: 1_000,
    });
  };

  it('lets a worker run, stop, list and remove attempts with exactly the documented rights', async () => {
    const user = await userWith(rulesFor(namespace));
    await untilFound('its rights', async () => 'id' in (await findCluster(user, [namespace])));
    const executor = open(user);
    const spec = attemptOf('busybox', { run: 'echo one' }, { run: 'echo two' });
    expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
    expect(textOf(await allOutput(executor, spec))).to.equal('one\ntwo\n');
    const other = attemptOf('busybox', { run: 'sleep 300' });
    await executor.ensure(other, allow);
    await untilExecuting(executor, other);
    await executor.stop(other, 1_000, allow);
    expect(await executor.list()).to.have.length(2);
    for (const each of [spec, other]) await executor.remove(each, allow);
    await untilFound('the removal of both', async () => (await executor.list()).length === 0);
    await executor.close();
  });

  const all = rulesFor('');
  it('is the one of docs/kubernetes.md', () => {
    expect(all.map(({ resources }) => resources)).to.deep.equal([['namespaces'], ['pods'], ['pods/log'], ['events']]);
  });
  for (const { resources: [resource = ''] = [], verbs } of all.slice(1, 3)) {
    for (const verb of verbs) {
      it(`names the right that is missing: ${verb} ${resource}`, async () => {
        const rules = rulesFor(namespace).map((rule) => {
          return rule.resources[0] === resource ? { ...rule, verbs: rule.verbs.filter((each) => each !== verb) } : rule;
        });
        const user = await userWith(rules.filter((rule) => rule.verbs.length > 0));
        const start = await findCluster(user, [namespace]);
        expect(start).to.have.property('absent').that.contains(`${verb} ${resource}`).and.contains(`namespace ${namespace}`); // prettier-ignore
        const executor = open(user);
        const spec = attemptOf('busybox', { run: 'echo one' });
        const told: string[] = [];
        const tell = (error: unknown): void => void told.push(String(error));
        const work = async () => {
          await executor.ensure(spec, allow);
          const outcome = await executor.observe(spec, () => undefined, never());
          told.push(outcome.message ?? '');
          told.push(textOf(await allOutput(executor, spec), 'system'));
          await executor.remove(spec, allow);
        };
        await work().catch(tell);
        await executor.close();
        expect(told.join('\n')).to.contain(`has no right to ${verb} ${resource} in the namespace ${namespace}`);
        await (await Cluster.open(testKubeconfig())).removePods(`chainr.dev/run=${spec.run}`);
      });
    }
  }

  it('lacks only the explanation of what went wrong without the right to list events', async () => {
    const user = await userWith(rulesFor(namespace).filter(({ resources }) => !resources.includes('events')));
    await untilFound('its rights', async () => 'id' in (await findCluster(user, [namespace])));
    const executor = open(user);
    const spec = attemptOf('busybox', { run: 'exit 3' });
    const { reason, runtime } = await runToEnd(executor, spec);
    expect(reason).to.equal('ExitCode');
    expect(runtime?.eventsMissing).to.contain(`has no right to list events in the namespace ${namespace}`);
    await executor.remove(spec, allow);
    await executor.close();
  });

  it('says so if a worker may not read its namespace', async () => {
    const found = await findCluster(await userWith(rulesFor(namespace).slice(1)), [namespace]);
    expect(found).to.have.property('absent').that.contains('does not let this worker read the namespace');
  });
});
