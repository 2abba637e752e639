import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { KubernetesObject } from '@chainr/core/pipeline/pipeline';
import { attemptWith, podOf, refusalOf } from './made-pod.js';

const everything = {
  allow: {
    serviceAccounts: ['*'], secrets: ['*'], configMaps: ['*'], priorityClasses: ['*'], runtimeClasses: ['*'],
    capabilities: ['ALL'],
  },
}; // prettier-ignore

describe('the settings of a pod', () => {
  it('stand in its spec and metadata', () => {
    const affinity = { nodeAffinity: {} };
    const tolerations = [{ key: 'dedicated', operator: 'Exists' }];
    const kubernetes = {
      serviceAccount: 'builder',
      nodeSelector: { disk: 'ssd' },
      tolerations,
      affinity,
      imagePullSecrets: ['registry'],
      labels: { team: 'web' },
      annotations: { 'example.com/note': 'two words' },
      priorityClassName: 'low',
      runtimeClassName: 'gvisor',
      volumes: [{ name: 'cache', emptyDir: { medium: 'Memory' } }],
      volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
    };
    const { metadata, spec } = podOf(attemptWith(kubernetes), everything);
    expect(spec).to.deep.include({
      serviceAccountName: 'builder',
      automountServiceAccountToken: true,
      nodeSelector: { disk: 'ssd' },
      tolerations,
      affinity,
      imagePullSecrets: [{ name: 'registry' }],
      priorityClassName: 'low',
      runtimeClassName: 'gvisor',
    });
    expect(metadata?.labels).to.include({
      team: 'web',
      'app.kubernetes.io/managed-by': 'chainr',
      'chainr.dev/job': 'job',
    });
    expect(metadata?.annotations).to.deep.equal({ 'example.com/note': 'two words', 'chainr.dev/pipeline': 'nightly' });
    expect(spec?.volumes?.map(({ name }) => name)).to.deep.equal(['chainr-workspace', 'cache']);
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      expect(container.volumeMounts, container.name).to.deep.equal([
        { name: 'chainr-workspace', mountPath: '/shared' },
        { name: 'cache', mountPath: '/cache' },
      ]);
    }
  });

  it('give no token of a service account that nobody named', () => {
    expect(podOf(attemptWith()).spec).to.include({ automountServiceAccountToken: false });
    expect(podOf(attemptWith()).spec).not.to.have.property('serviceAccountName');
  });

  it('say that a step with a user other than root is not root', () => {
    const security = (user: string) => podOf(attemptWith(undefined, { user })).spec?.containers[0]?.securityContext;
    expect(security('1000:50')).to.include({ runAsUser: 1000, runAsGroup: 50, runAsNonRoot: true });
    expect(security('0')).to.include({ runAsUser: 0 }).and.not.to.have.property('runAsNonRoot');
  });

  it('leave values of Secrets and ConfigMaps to the cluster', () => {
    const clusterEnv = {
      TOKEN: { kubernetesSecret: 'registry', key: 'token' },
      LEVEL: { configMap: 'settings', key: 'level' },
    };
    const { spec } = podOf(attemptWith(undefined, { clusterEnv }), everything);
    for (const { env = [] } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      expect(env).to.deep.include.members([
        { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'registry', key: 'token' } } },
        { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level' } } },
      ]);
    }
  });

  it('are patched in every field that chainr does not rely on', () => {
    const podPatch = {
      metadata: { labels: { more: 'x' }, finalizers: ['chainr.dev/remains'] },
      spec: {
        hostname: 'builder',
        terminationGracePeriodSeconds: 5,
        initContainers: [
          { name: 'proxy', image: 'proxy', restartPolicy: 'Always', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
          { name: 'fetch', env: [{ name: 'DEPTH', value: '1' }] },
        ],
        containers: [{ name: 'test', resources: { limits: { 'nvidia.com/gpu': 1 } }, tty: true }],
        volumes: [{ name: 'chainr-workspace', emptyDir: { sizeLimit: '1Gi' } }],
      },
    }; // prettier-ignore
    const { metadata, spec } = podOf(attemptWith({ podPatch }));
    expect(metadata?.labels).to.include({ more: 'x', 'chainr.dev/job': 'job' });
    expect(metadata?.finalizers).to.deep.equal(['chainr.dev/remains']);
    expect(spec).to.include({ hostname: 'builder', terminationGracePeriodSeconds: 5 });
    expect(spec?.initContainers?.map(({ name }) => name)).to.deep.equal(['proxy', 'fetch', 'build']);
    expect(spec?.initContainers?.[1]?.env).to.deep.include({ name: 'DEPTH', value: '1' });
    expect(spec?.containers[0]).to.deep.include({ tty: true, resources: { limits: { 'nvidia.com/gpu': 1 } } });
    expect(spec?.volumes).to.deep.equal([{ name: 'chainr-workspace', emptyDir: { sizeLimit: '1Gi' } }]);
  });

  const step = (fields: object) => ({ spec: { initContainers: [{ name: 'build', ...fields }] } });
  const broken: Record<string, KubernetesObject> = {
    kind: { kind: 'Job' },
    'metadata.name': { metadata: { name: 'mine' } },
    'metadata.namespace': { metadata: { namespace: 'kube-system' } },
    'metadata.generateName': { metadata: { generateName: 'a' } },
    'metadata.labels["chainr.dev/run"]': { metadata: { labels: { 'chainr.dev/run': 'x' } } },
    'metadata.labels["app.kubernetes.io/managed-by"]': { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
    'metadata.annotations["chainr.dev/verdict"]': { metadata: { annotations: { 'chainr.dev/verdict': '{}' } } },
    'metadata.finalizers': { metadata: { '$deleteFromPrimitiveList/finalizers': ['chainr.dev/remains'] } },
    'spec.restartPolicy': { spec: { restartPolicy: 'OnFailure' } },
    'spec.activeDeadlineSeconds': { spec: { activeDeadlineSeconds: 1 } },
    'spec.schedulingGates': { spec: { schedulingGates: [{ name: 'chainr.dev/never' }] } },
    'spec.volumes[chainr-workspace]': { spec: { volumes: [{ name: 'chainr-workspace', $patch: 'delete' }] } },
    'spec.initContainers (the steps and their order)': { spec: { initContainers: [{ name: 'build' }, { name: 'fetch' }] } },
    'spec.initContainers[extra]': { spec: { initContainers: [{ name: 'extra', image: 'x' }] } },
    'spec.containers (the last step': { spec: { containers: [{ name: 'extra', image: 'x' }] } },
    'spec.initContainers[build].command': step({ command: ['true'] }),
    'spec.initContainers[build].args': step({ args: ['x'] }),
    'spec.initContainers[build].terminationMessagePath': step({ terminationMessagePath: '/x' }),
    'spec.initContainers[build].terminationMessagePolicy': step({ terminationMessagePolicy: 'FallbackToLogsOnError' }),
    'spec.initContainers[build].restartPolicy': step({ restartPolicy: 'Always' }),
    'spec.initContainers[build].restartPolicyRules': step({ restartPolicyRules: [{ action: 'Restart' }] }),
    'spec.initContainers[build].volumeMounts["/shared"]': step({ volumeMounts: [{ mountPath: '/shared', name: 'other' }] }),
    'spec.initContainers[build].volumeMounts["/chainr/x"]': step({ volumeMounts: [{ mountPath: '/chainr/x', name: 'other' }] }),
    'spec.initContainers[build].env["CHAINR_OUTPUT"]': step({ env: [{ name: 'CHAINR_OUTPUT', value: '/x' }] }),
  }; // prettier-ignore
  it('have no finalizers of others, for which a pod and its name would stay', () => {
    for (const metadata of [
      { finalizers: ['example.com/mine'] },
      { finalizers: ['foregroundDeletion', 'chainr.dev/remains'] },
      { finalizers: null },
      { $patch: 'replace', name: 'a', finalizers: ['example.com/mine'] },
    ]) {
      expect(refusalOf(attemptWith({ podPatch: { metadata } })), JSON.stringify(metadata)).to.contain(
        'metadata.finalizers',
      );
    }
  });

  for (const mountPath of ['/shared/', '//shared', 'shared', '/shared/.', '/x/../shared', './shared//']) {
    it(`hide the workspace at no other spelling of its path: ${mountPath}`, () => {
      const volumeMounts = [{ mountPath, name: 'other' }];
      for (const settings of [{ volumeMounts }, { podPatch: step({ volumeMounts }) }]) {
        expect(refusalOf(attemptWith(settings))).to.contain('volumeMounts["/shared"]');
      }
    });
  }

  for (const mountPath of ['/chainr', '/chainr/', '//chainr', 'chainr/outputs', '/x/../chainr/', '/./chainr/x']) {
    it(`hide outputs at no spelling of their path: ${mountPath}`, () => {
      const volumeMounts = [{ mountPath, name: 'other' }];
      for (const settings of [{ volumeMounts }, { podPatch: step({ volumeMounts }) }]) {
        expect(refusalOf(attemptWith(settings))).to.contain(`volumeMounts["${mountPath}"] (outputs`);
      }
    });
  }

  it('may be mounted beside and in the workspace', () => {
    const volumes = [{ name: 'mine', emptyDir: {} }];
    const paths = ['/shared/cache', '/shared2', '/chainr2', '/x/shared', 'data/'];
    const volumeMounts = paths.map((mountPath) => ({ name: 'mine', mountPath }));
    expect(podOf(attemptWith({ volumes, volumeMounts })).spec).to.be.an('object');
  });

  for (const [field, podPatch] of Object.entries(broken)) {
    it(`are refused with a patch of ${field}, which chainr relies on`, () => {
      const refusal = refusalOf(attemptWith({ podPatch }), everything);
      expect(refusal).to.match(
        /^The settings of its pod \(kubernetes\) must leave as they are what chainr relies on: /,
      );
      expect(refusal).to.contain(field);
    });
  }

  it('are refused if all of the pod, its spec or a list is replaced', () => {
    for (const podPatch of [{ $patch: 'replace' }, { spec: null }, { metadata: 'x' }, { spec: { containers: {} } }]) {
      expect(refusalOf(attemptWith({ podPatch })), JSON.stringify(podPatch)).to.contain('what chainr relies on');
    }
  });

  it('are refused with volumes and mounts that hide the workspace', () => {
    const volumes = [
      { name: 'chainr-workspace', emptyDir: {} },
      { name: 'mine', emptyDir: {} },
    ];
    expect(refusalOf(attemptWith({ volumes }))).to.contain('spec.volumes[chainr-workspace]');
    const volumeMounts = [{ name: 'mine', mountPath: '/shared' }];
    expect(refusalOf(attemptWith({ volumes: volumes.slice(1), volumeMounts }))).to.contain('volumeMounts["/shared"]');
  });

  it('name every mistake of a patch at once', () => {
    const podPatch = { spec: { volumes: [{ emptyDir: {} }], containers: ['main'] } };
    expect(refusalOf(attemptWith({ podPatch }))).to.equal(
      'kubernetes.podPatch.spec.volumes[0] needs "name", which says what it is merged with; kubernetes.podPatch.spec.containers[0] must be a map.',
    );
  });
});
