import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { chartValues, isGroup, type ChartGroup, type ChartValue } from '../scripts/chart-values.js';
import { checkManifest } from '../suite/check-manifest.js';
import { parseManifests, podsOf, type Manifest } from '../suite/manifests.js';

const chart = 'deploy/helm/chainr';
const helm = process.env['HELM'] ?? 'helm';
const hasHelm = spawnSync(helm, ['version', '--short']).status === 0;

interface Leaf {
  path: string;
  value: ChartValue;
}

function leavesOf(group: ChartGroup, before = ''): Leaf[] {
  return Object.entries(group.values).flatMap(([name, entry]) =>
    isGroup(entry) ? leavesOf(entry, `${before}${name}.`) : [{ path: `${before}${name}`, value: entry }],
  );
}

const templates = readdirSync(`${chart}/templates`, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(tpl|yaml|txt)$/.test(file))
  .map((file) => readFileSync(`${chart}/templates/${file}`, 'utf8'))
  .join('\n');

describe('the values of the chart', () => {
  it('are all used by a template', () => {
    const unused = leavesOf(chartValues).filter(({ path }) => !templates.includes(`.${path.split('.').at(-1) ?? ''}`));
    // `dig` names it as a text.
    expect(unused.map(({ path }) => path)).to.deep.equal([]);
  });

  it('have a sentence each', () => {
    for (const { path, value } of leavesOf(chartValues)) expect(value.doc, path).to.match(/^[A-Z`].*[.]$/);
  });
});

/** Other values for each one whose difference shows only together with others. */
const other: Readonly<Record<string, { value: unknown; with?: object }>> = {
  topology: { value: 'single' },
  'image.pullPolicy': { value: 'Always' },
  'gate.service.type': { value: 'NodePort' },
  'gate.service.nodePort': { value: 30080, with: { gate: { service: { type: 'NodePort' } } } },
  'gate.ingress.tlsSecret': { value: 'other', with: { gate: { ingress: { tls: true } } } },
  'gate.route.enabled': { value: true, with: { gate: { route: { parentRefs: [{ name: 'public' }] } } } },
  'gate.route.parentRefs': {
    value: [{ name: 'other' }],
    with: { gate: { route: { enabled: true, parentRefs: [{ name: 'public' }] } } },
  },
  'gate.route.hostnames': {
    value: ['a.b'],
    with: { gate: { route: { enabled: true, parentRefs: [{ name: 'public' }] } } },
  },
  'gate.route.annotations': {
    value: { a: 'b' },
    with: { gate: { route: { enabled: true, parentRefs: [{ name: 'public' }] } } },
  },
  'redis.url': { value: 'rediss://redis.example.com:6379' },
  'redis.memory': { value: '1gb' },
  'redis.appendfsync': { value: 'always' },
  'pods.spread': { value: 'DoNotSchedule' },
  'work.policy': { value: { runAsNonRoot: true } },
  'pods.affinity': { value: { nodeAffinity: {} } },
  'networkPolicy.gateFrom': { value: [{ podSelector: {} }] },
  'networkPolicy.metricsFrom': { value: [{ podSelector: {} }] },
  'pods.tolerations': { value: [{ operator: 'Exists' }] },
  'monitoring.podMonitor.enabled': { value: true, with: { networkPolicy: { enabled: false } } },
  'monitoring.podMonitor.interval': {
    value: '1m',
    with: { networkPolicy: { enabled: false }, monitoring: { podMonitor: { enabled: true } } },
  },
  'monitoring.podMonitor.labels': {
    value: { a: 'b' },
    with: { networkPolicy: { enabled: false }, monitoring: { podMonitor: { enabled: true } } },
  },
  'monitoring.rules.labels': { value: { a: 'b' }, with: { monitoring: { rules: { enabled: true } } } },
  'monitoring.rules.runbookBase': {
    value: 'https://chainr.example/',
    with: { monitoring: { rules: { enabled: true } } },
  },
  'monitoring.dashboard.labels': { value: { a: 'b' }, with: { monitoring: { dashboard: { enabled: true } } } },
  logLevel: { value: 'debug' },
};

function otherValue({ path, value: { default: usual, schema } }: Leaf): unknown {
  const known = other[path];
  if (known) return known.value;
  if (typeof usual === 'boolean') return !usual;
  if (typeof usual === 'number') return usual + 1;
  if (typeof usual === 'string') return `${usual}9`;
  if (Array.isArray(usual))
    return 'items' in schema && JSON.stringify(schema.items).includes('object') ? [{ a: 'b' }] : ['other'];
  return path.endsWith('resources') ? { requests: { cpu: '9' } } : { OTHER: 'other' };
}

/** `a.b` and 1 become `{ a: { b: 1 } }`. */
const nested = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

const notSecret = { token: { existingSecret: 'one' }, redis: { existingSecret: 'two' } };

function render(...values: object[]): { text: string; error: string } {
  const args = ['template', 'chainr', chart, '--namespace', 'ours', '--kube-version', '1.36.0'];
  for (const each of values)
    args.push(...leafSettings(each).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`]));
  const { stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8' });
  return { text: stdout, error: stderr };
}

/** One setting for each innermost value, so that several do not replace one another. */
function leafSettings(value: object, before = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]): [string, unknown][] => {
    const path = `${before}${name}`;
    const isValue = leavesOf(chartValues).some((leaf) => leaf.path === path);
    return isValue || typeof inner !== 'object' || inner === null ? [[path, inner]] : leafSettings(inner, `${path}.`);
  });
}

const manifests = (...values: object[]): Manifest[] => parseManifests(render(...values).text);

describe('the chart, as Helm renders it', function () {
  this.timeout(300_000);
  before(function () {
    if (hasHelm) return;
    console.log('      left out: Helm is not installed (HELM)');
    this.skip();
  });

  it('passes helm lint', () => {
    const { status, stdout } = spawnSync(helm, ['lint', '--strict', chart], { encoding: 'utf8' });
    expect(status, stdout).to.equal(0);
  });

  it('changes with every single value', () => {
    const monitoringFiles = readdirSync(`${chart}/files`);
    const leaves = leavesOf(chartValues).filter(
      ({ path }) => monitoringFiles.length > 0 || !/monitoring\.(rules|dashboard)/.test(path),
    );
    const without = leaves.filter((leaf) => {
      const { path } = leaf;
      const group = path.split('.').slice(0, -1).join('.');
      const isScaling = /(autoscaling|keda)$/.test(group) && !path.endsWith('enabled');
      const context = [
        notSecret,
        ...(isScaling ? [nested(`${group}.enabled`, true)] : []),
        ...(other[path]?.with ? [other[path].with] : []),
      ];
      const given = path === 'token.existingSecret' || path === 'redis.existingSecret' ? [] : context;
      const before = render(...given);
      const after = render(...given, nested(path, otherValue(leaf)));
      expect(after.error, path).to.equal('');
      return before.text === after.text;
    });
    expect(without.map(({ path }) => path)).to.deep.equal([]);
  });

  it('refuses an unknown value, and one of a wrong type', () => {
    expect(render({ replicas: 3 }).error).to.match(/replicas/);
    expect(render({ gate: { replicas: 'three' } }).error).to.match(/replicas/);
    expect(render({ topology: 'double' }).error).to.match(/topology/);
  });

  it('is what the schemas of Kubernetes allow with everything switched on', () => {
    const all = {
      gate: {
        autoscaling: { enabled: true },
        ingress: { tls: true, className: 'nginx', annotations: { a: 'b' } },
        service: { type: 'NodePort', nodePort: 30080 },
      },
      sched: { autoscaling: { enabled: true } },
      notif: { autoscaling: { enabled: true } },
      work: { policy: { secrets: { fromSecret: 'ci' } }, namespaces: ['builds', 'tests'], jobSecrets: 'values' },
      pods: {
        priorityClassName: 'high',
        nodeSelector: { a: 'b' },
        tolerations: [{ operator: 'Exists' }],
        labels: { team: 'a' },
        annotations: { c: 'd' },
      },
      image: { pullSecrets: ['registry'] },
      networkPolicy: { metricsFrom: [{ podSelector: {} }], gateFrom: [{ namespaceSelector: {} }] },
    };
    for (const values of [all, { ...all, topology: 'single' }, { ...all, work: { ...all.work, clusterWide: true } }]) {
      const found = manifests(values);
      expect(found.length).to.be.above(5);
      expect(found.flatMap((each) => checkManifest({ ...each }))).to.deep.equal([]);
    }
  });

  it('gives work a Role in each of its namespaces, and the right to read exactly the Secrets of its policy', () => {
    const work = {
      namespaces: ['builds', 'tests'],
      policy: { secrets: { fromSecret: 'ci', named: { token: { secret: 'deploy', key: 'token' } } } },
    };
    const rightsIn = (namespace: string, secretRules: object[]) => ({ namespace, secretRules });
    const roles = manifests({ work }).filter(({ kind }) => kind === 'Role');
    const found = roles.map(({ metadata, rules }) =>
      rightsIn(
        (metadata as { namespace?: string }).namespace ?? '',
        (rules ?? [])
          .filter(({ resources }) => resources.includes('secrets'))
          .map(({ verbs, resourceNames }) => ({ verbs, resourceNames })),
      ),
    );
    const create = { verbs: ['create'], resourceNames: undefined };
    expect(found).to.deep.equal([
      rightsIn('builds', [create, { verbs: ['get'], resourceNames: ['ci', 'deploy'] }]),
      rightsIn('tests', [create]),
    ]);
  });

  it('gives the same rights everywhere with clusterWide, but only to read the home namespace', () => {
    const found = manifests({ work: { clusterWide: true, namespaces: ['builds'] } });
    expect(found.filter(({ kind }) => kind === 'Role' || kind === 'RoleBinding')).to.deep.equal([]);
    const [role] = found.filter(({ kind }) => kind === 'ClusterRole');
    expect(role?.metadata.name).to.equal('ours-chainr-work');
    expect(role?.rules?.find(({ resources }) => resources.includes('namespaces'))?.resourceNames).to.deep.equal([
      'builds',
    ]);
  });

  it('starts no Redis and keeps no password if there is another one', () => {
    const found = manifests({ redis: { url: 'redis+sentinel://a:26379,b:26379/main' } });
    expect(
      found.filter(({ metadata, kind }) => metadata.name.includes('redis') || kind === 'PersistentVolumeClaim'),
    ).to.deep.equal([]);
    const variables = podsOf(found).flatMap(({ containers }) => containers.flatMap(({ env = [] }) => env));
    expect(variables.filter(({ name }) => name === 'CHAINR_REDIS_URL').map(({ value }) => value)).to.deep.equal(
      Array.from({ length: 4 }, () => 'redis+sentinel://a:26379,b:26379/main'),
    );
    expect(variables.filter(({ name }) => name === 'CHAINR_REDIS_PASSWORD_FILE')).to.deep.equal([]);
  });

  it('lets settings of a service replace those of all services and of the chart', () => {
    const found = manifests({ env: { CHAINR_LOG_LEVEL: 'warn' }, work: { env: { CHAINR_LOG_LEVEL: 'debug' } } });
    const levels = podsOf(found).flatMap(({ containers }) =>
      containers.flatMap(({ name, env = [] }) =>
        env.filter((each) => each.name === 'CHAINR_LOG_LEVEL').map(({ value }) => `${name} ${value ?? ''}`),
      ),
    );
    expect(levels).to.have.members(['gate warn', 'sched warn', 'notif warn', 'ui warn', 'work debug', 'recycle warn']);
  });

  it('says what is missing instead of making something that does not work', () => {
    expect(render({ gate: { route: { enabled: true } } }).error).to.contain('gate.route.parentRefs is empty');
    expect(render({ monitoring: { podMonitor: { enabled: true } } }).error).to.contain(
      'monitoring.podMonitor needs networkPolicy.metricsFrom',
    );
  });
});
