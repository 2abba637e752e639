import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import { checkPod } from '../../src/kubernetes/policy/check-pod.js';
import { readPolicy } from '../../src/kubernetes/policy/read-policy.js';
import { attemptWith, podOf, refusalOf, tryPod } from './made-pod.js';

interface Rule {
  name: string;
  /** A field of `kubernetes` that the rule is about. */
  field?: KubernetesSettings;
  /** The same for the whole pod, as a patch of its spec. */
  spec?: object;
  /** The same in a container. */
  container?: object;
  /** The policy that allows it. */
  allowed: object;
  /** What the refusal says that it needs. */
  needs: string;
}

const volume = (source: object) => ({
  field: { volumes: [{ name: 'v', ...source }] },
  spec: { volumes: [{ name: 'v', ...source }] },
});

/** A volume with a claim of its own. */
const claim = (spec: object) => volume({ ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], ...spec } } } }); // prettier-ignore
const ofClaim = (name: string) => `spec.volumes.ephemeral.volumeClaimTemplate.spec.${name}`;

/** A field that no other rule is about. */
const unknown = (name: string) => ({ allowed: { fields: [name] }, needs: `"${name}" in allow.fields` });

/** A request of the kubelet to another host. */
const asks = (host: string) => ({ httpGet: { port: 80, host } });
const ofNode = { allowed: { hostNetwork: true }, needs: 'allow.hostNetwork: true' };

const rules: Rule[] = [
  { name: 'hostNetwork', spec: { hostNetwork: true }, allowed: { hostNetwork: true }, needs: 'allow.hostNetwork: true' },
  { name: 'hostPID', spec: { hostPID: true }, allowed: { hostPID: true }, needs: 'allow.hostPID: true' },
  { name: 'hostIPC', spec: { hostIPC: true }, allowed: { hostIPC: true }, needs: 'allow.hostIPC: true' },
  { name: 'ports of the node', container: { ports: [{ containerPort: 1, hostPort: 1 }] }, allowed: { hostNetwork: true }, needs: 'allow.hostNetwork: true' },
  { name: 'service accounts', field: { serviceAccount: 'builder' }, spec: { serviceAccountName: 'builder' }, allowed: { serviceAccounts: ['build*'] }, needs: 'it in allow.serviceAccounts' },
  { name: 'the old name of the field', spec: { serviceAccount: 'builder' }, allowed: { serviceAccounts: ['builder'] }, needs: 'it in allow.serviceAccounts' },
  { name: 'the token of the default account', spec: { automountServiceAccountToken: true }, allowed: { serviceAccounts: ['default'] }, needs: 'it in allow.serviceAccounts' },
  { name: 'a token in a volume', ...volume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }), allowed: { serviceAccounts: ['default'] }, needs: 'it in allow.serviceAccounts' },
  { name: 'priority classes', field: { priorityClassName: 'high' }, spec: { priorityClassName: 'high' }, allowed: { priorityClasses: ['high'] }, needs: 'it in allow.priorityClasses' },
  { name: 'runtime classes', field: { runtimeClassName: 'kata' }, spec: { runtimeClassName: 'kata' }, allowed: { runtimeClasses: ['k*a'] }, needs: 'it in allow.runtimeClasses' },
  { name: 'Secrets for images', field: { imagePullSecrets: ['registry'] }, spec: { imagePullSecrets: [{ name: 'registry' }] }, allowed: { secrets: ['registry'] }, needs: 'it in allow.secrets' },
  { name: 'Secrets in volumes', ...volume({ secret: { secretName: 's' } }), allowed: { secrets: ['s'] }, needs: 'it in allow.secrets' },
  { name: 'Secrets in projected volumes', ...volume({ projected: { sources: [{ secret: { name: 's' } }] } }), allowed: { secrets: ['s'] }, needs: 'it in allow.secrets' },
  { name: 'Secrets of drivers of volumes', ...volume({ csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }), allowed: { secrets: ['s'], volumeTypes: ['csi'] }, needs: 'it in allow.secrets' },
  { name: 'Secrets in variables', container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, allowed: { secrets: ['s'] }, needs: 'it in allow.secrets' },
  { name: 'whole Secrets as variables', container: { envFrom: [{ secretRef: { name: 's' } }] }, allowed: { secrets: ['s'] }, needs: 'it in allow.secrets' },
  { name: 'ConfigMaps in volumes', ...volume({ configMap: { name: 'c' } }), allowed: { configMaps: ['c'] }, needs: 'it in allow.configMaps' },
  { name: 'ConfigMaps in projected volumes', ...volume({ projected: { sources: [{ configMap: { name: 'c' } }] } }), allowed: { configMaps: ['c'] }, needs: 'it in allow.configMaps' },
  { name: 'ConfigMaps in variables', container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }, allowed: { configMaps: ['c'] }, needs: 'it in allow.configMaps' },
  { name: 'whole ConfigMaps as variables', container: { envFrom: [{ configMapRef: { name: 'c' } }] }, allowed: { configMaps: ['c'] }, needs: 'it in allow.configMaps' },
  { name: 'claims', ...volume({ persistentVolumeClaim: { claimName: 'data' } }), allowed: { persistentVolumeClaims: ['data'] }, needs: 'it in allow.persistentVolumeClaims' },
  { name: 'copies of claims', ...claim({ dataSource: { kind: 'PersistentVolumeClaim', name: 'data' } }), ...unknown(ofClaim('dataSource')) },
  { name: 'copies of anything', ...claim({ dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'data', namespace: 'other' } }), ...unknown(ofClaim('dataSourceRef')) },
  { name: 'volumes by name', ...claim({ volumeName: 'pv-of-others' }), ...unknown(ofClaim('volumeName')) },
  { name: 'volumes by label', ...claim({ selector: { matchLabels: { team: 'other' } } }), ...unknown(ofClaim('selector')) },
  { name: 'a field of claims that nobody knows', ...claim({ copyOf: 'x' }), allowed: { fields: ['spec.volumes.*'] }, needs: `"${ofClaim('copyOf')}" in allow.fields` },
  { name: 'certificates of the pod', ...volume({ projected: { sources: [{ podCertificate: { signerName: 'a/b', keyType: 'ED25519' } }] } }), ...unknown('spec.volumes.projected.sources.podCertificate') },
  { name: 'trust bundles', ...volume({ projected: { sources: [{ secret: { name: 's' } }, { clusterTrustBundle: { name: 'b', path: 'p' } }] } }), allowed: { secrets: ['s'], fields: ['spec.volumes.projected.sources.clusterTrustBundle'] }, needs: '"spec.volumes.projected.sources.clusterTrustBundle" in allow.fields' },
  { name: 'sources that nobody knows', ...volume({ projected: { sources: [{ somethingNew: {} }] } }), ...unknown('spec.volumes.projected.sources.somethingNew') },
  { name: 'a node that no scheduler chose', spec: { nodeName: 'node-1' }, ...unknown('spec.nodeName') },
  { name: 'a priority as a number', spec: { priority: 2_000_000_000 }, ...unknown('spec.priority') },
  { name: 'devices', spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] }, ...unknown('spec.resourceClaims') },
  { name: 'a field of pods that nobody knows', spec: { hostUsefulThings: true }, ...unknown('spec.hostUsefulThings') },
  { name: 'a field that every map of JavaScript has', spec: { constructor: 'x' }, ...unknown('spec.constructor') },
  { name: 'a field of security contexts that nobody knows', spec: { securityContext: { rootful: true } }, ...unknown('spec.securityContext.rootful') },
  { name: 'a field of containers that nobody knows', container: { hostDevices: ['/dev/kmsg'] }, ...unknown('spec.containers.hostDevices') },
  { name: 'a field of the security of a container that nobody knows', container: { securityContext: { rootful: true } }, ...unknown('spec.containers.securityContext.rootful') },
  { name: 'a source of variables that nobody knows', container: { env: [{ name: 'A', valueFrom: { vaultRef: {} } }] }, ...unknown('spec.containers.env.valueFrom.vaultRef') },
  { name: 'an identity of Windows', spec: { securityContext: { windowsOptions: { gmsaCredentialSpecName: 'g' } } }, ...unknown('spec.securityContext.windowsOptions.gmsaCredentialSpecName') },
  { name: 'liveness probes of other hosts', container: { livenessProbe: asks('169.254.169.254') }, ...ofNode },
  { name: 'readiness probes of the node', container: { readinessProbe: { tcpSocket: { port: 10250, host: '127.0.0.1' } } }, ...ofNode },
  { name: 'startup probes of other hosts', container: { startupProbe: asks('metadata.internal') }, ...ofNode },
  { name: 'requests to other hosts at the start', container: { lifecycle: { postStart: asks('10.0.0.1') } }, ...ofNode },
  { name: 'requests to other hosts at the end', container: { lifecycle: { preStop: { tcpSocket: { port: 1, host: 'a' } } } }, ...ofNode },
  { name: 'processes of a node with Windows', spec: { securityContext: { windowsOptions: { hostProcess: true } } }, container: { securityContext: { windowsOptions: { hostProcess: true } } }, allowed: { privileged: true }, needs: 'allow.privileged: true' },
  { name: 'capabilities that a runtime does not find', container: { securityContext: { capabilities: { drop: ['CAP_ALL'] } } }, allowed: { capabilities: ['ALL'] }, needs: 'them in allow.capabilities' },
  { name: 'folders of the node', ...volume({ hostPath: { path: '/var/cache/ci' } }), allowed: { hostPaths: ['/var/cache'] }, needs: 'it or a folder above it in allow.hostPaths' },
  { name: 'other volumes', ...volume({ nfs: { server: 's', path: '/' } }), allowed: { volumeTypes: ['nfs'] }, needs: '"nfs" in allow.volumeTypes' },
  { name: 'images', container: { image: 'evil.example.com/x' }, allowed: { images: ['busybox', 'evil.example.com/*'] }, needs: 'it in allow.images' },
  { name: 'images in volumes', ...volume({ image: { reference: 'evil.example.com/x' } }), allowed: { images: ['busybox', '*/x'] }, needs: 'it in allow.images' },
  { name: 'privileged', container: { securityContext: { privileged: true } }, allowed: { privileged: true }, needs: 'allow.privileged: true' },
  { name: 'privilege escalation', container: { securityContext: { allowPrivilegeEscalation: true } }, allowed: { privilegeEscalation: true }, needs: 'allow.privilegeEscalation: true' },
  { name: 'no word on privilege escalation', container: { securityContext: { allowPrivilegeEscalation: null } }, allowed: { privilegeEscalation: true }, needs: 'allow.privilegeEscalation: true' },
  { name: 'added capabilities', container: { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }, allowed: { capabilities: ['SYS_*'] }, needs: 'them in allow.capabilities' },
  { name: 'capabilities that are not dropped', container: { securityContext: { capabilities: { drop: ['KILL'] } } }, allowed: { capabilities: ['ALL'] }, needs: 'them in allow.capabilities' },
  { name: 'no seccomp', spec: { securityContext: { seccompProfile: null } }, container: { securityContext: { seccompProfile: { type: 'Unconfined' } } }, allowed: { unconfined: true }, needs: 'allow.unconfined: true' },
  { name: 'no AppArmor', spec: { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, container: { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, allowed: { unconfined: true }, needs: 'allow.unconfined: true' },
  { name: 'an open /proc', container: { securityContext: { procMount: 'Unmasked' } }, allowed: { unconfined: true }, needs: 'allow.unconfined: true' },
  { name: 'SELinux options', spec: { securityContext: { seLinuxOptions: { type: 't' } } }, container: { securityContext: { seLinuxOptions: { type: 't' } } }, allowed: { unconfined: true }, needs: 'allow.unconfined: true' },
  { name: 'sysctls', spec: { securityContext: { sysctls: [{ name: 'a', value: 'b' }] } }, allowed: { unconfined: true }, needs: 'allow.unconfined: true' },
]; // prettier-ignore

const safe = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** A further container, with all that is safe but what it changes. */
function added(container: object): object {
  const { securityContext = {} } = container as { securityContext?: { capabilities?: object } };
  const capabilities = { ...safe.capabilities, ...securityContext.capabilities };
  return { image: 'busybox', ...container, securityContext: { ...safe, ...securityContext, capabilities } };
}

/** Patches that change a container of each kind. */
const patchesFor = (container: object): [string, object][] => [
  ['an init container', { initContainers: [{ name: 'fetch', ...container }] }],
  ['the main container', { containers: [{ name: 'test', ...container }] }],
  ['a sidecar', { initContainers: [{ name: 'side', restartPolicy: 'Always', ...added(container) }] }],
];

describe('the policy of a worker', () => {
  const base = { allow: { images: ['busybox'] } };
  for (const { name, field, spec, container, allowed, needs } of rules) {
    const policy = { allow: { ...base.allow, ...allowed } };
    const ways: [string, KubernetesSettings][] = [
      ...(field ? [['a field', field] as [string, KubernetesSettings]] : []),
      ...(spec ? [['podPatch', { podPatch: { spec } }] as [string, KubernetesSettings]] : []),
      ...(container ? patchesFor(container) : []).map(([what, patch]) => [what, { podPatch: { spec: patch } }] as [string, KubernetesSettings]), // prettier-ignore
    ];
    for (const [way, settings] of ways) {
      it(`refuses ${name} through ${way}, and allows it where it says so`, () => {
        expect(refusalOf(attemptWith(settings), base)).to.contain(`which needs ${needs}`);
        expect(podOf(attemptWith(settings), policy).spec).to.be.an('object');
      });
    }
    if (!container) continue;
    it(`refuses ${name} in an ephemeral container`, () => {
      const pod = podOf(attemptWith());
      const look = { name: 'look', ...added(container) };
      const patched = { ...pod, spec: { ...pod.spec, ephemeralContainers: [look] } } as unknown as typeof pod;
      expect(checkPod(patched, readPolicy(JSON.stringify(base)))).to.contain(`which needs ${needs}`);
      expect(checkPod(patched, readPolicy(JSON.stringify(policy)))).to.equal(undefined);
    });
  }

  it('refuses values of the cluster in the env of a pipeline', () => {
    const clusterEnv = { TOKEN: { kubernetesSecret: 's', key: 'k' }, LEVEL: { configMap: 'c', key: 'k' } };
    const refusal = refusalOf(attemptWith(undefined, { clusterEnv }));
    expect(refusal).to.contain('spec.initContainers[fetch].env[TOKEN].valueFrom.secretKeyRef names "s", which needs it in allow.secrets'); // prettier-ignore
    expect(refusal).to.contain('spec.containers[test].env[LEVEL].valueFrom.configMapKeyRef names "c", which needs it in allow.configMaps'); // prettier-ignore
  });

  it('names everything that it refuses at once, up to a length', () => {
    const podPatch = { spec: { hostNetwork: true, hostPID: true } };
    expect(refusalOf(attemptWith({ podPatch }))).to.equal(
      'The policy of this worker (CHAINR_KUBERNETES_POLICY) does not allow its pod: spec.hostNetwork is set, which needs allow.hostNetwork: true; spec.hostPID is set, which needs allow.hostPID: true.',
    );
    const many = Array.from({ length: 50 }, (_, index) => ({ name: `v${String(index)}`, nfs: {} }));
    expect(refusalOf(attemptWith({ volumes: many }))).to.match(/spec\.volumes\[v9\].*; 40 more\.$/);
  });

  it('knows an image by what is written and by its whole name', () => {
    const images = (pattern: string) => ({ allow: { images: [pattern] } });
    const spec = attemptWith();
    for (const pattern of ['busybox', 'docker.io/library/*', 'bus*x', '*'])
      expect(podOf(spec, images(pattern))).to.be.an('object');
    for (const pattern of ['busybox:*', 'docker.io/busybox', 'usybox', 'busyb', 'x*', 'busybox*busybox', ''].filter(
      (p) => p,
    )) {
      expect(refusalOf(spec, images(pattern)), pattern).to.contain('allow.images');
    }
    const other = attemptWith(undefined, { image: 'team/tool:1' });
    expect(podOf(other, images('docker.io/team/*'))).to.be.an('object');
    expect(refusalOf(attemptWith(undefined, { image: 'localhost/team/tool' }), images('docker.io/*'))).to.be.a(
      'string',
    );
  });

  it('takes no registry for a folder or a tag of another one', () => {
    const isAllowed = (pattern: string, image: string) =>
      !('refusal' in tryPod(attemptWith(undefined, { image }), { allow: { images: [pattern] } }));
    const leading: [string, string][] = [
      ['docker.io/*', 'EVIL/library/busybox'],
      ['docker.io/*', 'Evil/tool'],
      ['golang*', 'golang.evil.example/tool'],
      ['golang:*', 'golang:5000/tool'],
      ['*.example.com/*', 'evil.test/a.example.com/tool'],
      ['registry.example.com*', 'registry.example.com.evil.test/tool'],
      ['registry.example.com/*', 'REGISTRY.example.com/tool'],
      ['registry.example.com/*', 'registry.example.com:5000/tool'],
    ];
    for (const [pattern, image] of leading) expect(isAllowed(pattern, image), `${pattern} ${image}`).to.equal(false);
    const meant: [string, string][] = [
      ['golang*', 'golang:1.25'],
      ['golang:*', 'golang:1.25'],
      ['docker.io/library/*', 'index.docker.io/busybox'],
      ['docker.io/team/*', 'docker.io/team/tool'],
      ['EVIL/*', 'EVIL/library/busybox'],
      ['*.example.com/*', 'eu.example.com/team/tool:1'],
      ['registry.example.com:5000/team/*', 'registry.example.com:5000/team/tool@sha256:12'],
      ['localhost/*', 'localhost/tool'],
      ['*/tool', 'registry.example.com/tool'],
      ['**', 'registry.example.com/tool'],
    ];
    for (const [pattern, image] of meant) expect(isAllowed(pattern, image), `${pattern} ${image}`).to.equal(true);
  });

  it('is not misled about Windows by a container that says something else of it', () => {
    const windows = (options: object) => ({ securityContext: { windowsOptions: options } });
    for (const [way, patch] of patchesFor(windows({ runAsUserName: 'u' }))) {
      const spec = { ...patch, ...windows({ hostProcess: true }) };
      expect(refusalOf(attemptWith({ podPatch: { spec } })), way).to.contain('allow.privileged: true');
    }
    expect(podOf(attemptWith({ podPatch: { spec: windows({ hostProcess: false }) } }))).to.be.an('object');
  });

  it('takes only what a runtime drops for dropped', () => {
    const patch = (drop: string[], add: string[] = []) =>
      attemptWith({ podPatch: { spec: { containers: [{ name: 'test', securityContext: { capabilities: { drop, add } } }] } } }); // prettier-ignore
    const chown = { allow: { capabilities: ['CHOWN'] } };
    for (const drop of [['CAP_ALL'], ['all'], ['ALL '], ['*'], []]) {
      expect(refusalOf(patch(drop), chown), drop.join()).to.contain('NET_RAW');
    }
    for (const add of ['CHOWN', 'CAP_CHOWN', 'cap_chown'])
      expect(podOf(patch(['ALL'], [add]), chown)).to.be.an('object');
    for (const add of ['CAP_SYS_ADMIN', 'sys_admin', 'CAP_ALL']) {
      expect(refusalOf(patch(['ALL'], [add]), chown), add).to.contain('allow.capabilities');
    }
  });

  it('lets probes ask the pod itself', () => {
    for (const probe of [{ httpGet: { port: 80 } }, { httpGet: { port: 80, host: '' } }, { tcpSocket: { port: 1 } }, { exec: { command: ['true'] } }]) {
      for (const [way, spec] of patchesFor({ startupProbe: probe, lifecycle: { preStop: probe } })) {
        expect(podOf(attemptWith({ podPatch: { spec } })), way).to.be.an('object');
      }
    } // prettier-ignore
  });

  it('refuses metadata that it does not know, and fields beside the specification', () => {
    const owner = { metadata: { ownerReferences: [{ uid: 'u', name: 'n' }] } };
    expect(refusalOf(attemptWith({ podPatch: owner }))).to.contain('"metadata.ownerReferences" in allow.fields');
    expect(podOf(attemptWith({ podPatch: owner }), { allow: { fields: ['metadata.owner*'] } })).to.be.an('object');
    expect(refusalOf(attemptWith({ podPatch: { status: { phase: 'Running' } } }))).to.contain(
      '"status" in allow.fields',
    );
  });

  it('knows claims that make volumes of their own', () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' } }; // prettier-ignore
    const volumes = [{ name: 'v', ephemeral: { volumeClaimTemplate: template } }];
    expect(podOf(attemptWith({ volumes }))).to.be.an('object');
    const workspace = { name: 'chainr-workspace', emptyDir: null, ephemeral: { volumeClaimTemplate: { spec: { dataSource: { name: 'data' } } } } }; // prettier-ignore
    expect(refusalOf(attemptWith({ podPatch: { spec: { volumes: [workspace] } } }))).to.contain(
      'spec.volumes[chainr-workspace].ephemeral.volumeClaimTemplate.spec.dataSource is not a field that the policy knows',
    );
  });

  it('is not led out of the folders of a node that it allows', () => {
    const policy = { allow: { hostPaths: ['/var/cache/'] } };
    const at = (path: string) => attemptWith({ volumes: [{ name: 'v', hostPath: { path } }] });
    for (const path of ['/var/cache', '/var/cache/', '/var//cache/x'])
      expect(podOf(at(path), policy)).to.be.an('object');
    for (const path of ['/var', '/var/cache2', '/var/cache/../lib', 'var/cache', '/var/cache/..', '']) {
      expect(refusalOf(at(path), policy), path).to.contain('allow.hostPaths');
    }
  });

  it('wants users other than root where it says so, whatever a pod says', () => {
    const policy = { runAsNonRoot: true };
    expect(podOf(attemptWith(), policy).spec?.securityContext?.runAsNonRoot).to.equal(true);
    const patches: object[] = [
      { securityContext: { runAsNonRoot: false } },
      { securityContext: { runAsUser: 0 } },
      ...patchesFor({ securityContext: { runAsUser: 0 } }).map(([, patch]) => patch),
      ...patchesFor({ securityContext: { runAsNonRoot: false } }).map(([, patch]) => patch),
    ];
    for (const spec of patches) {
      expect(refusalOf(attemptWith({ podPatch: { spec } }), policy), JSON.stringify(spec)).to.contain(
        'lets it run as root',
      );
      expect(podOf(attemptWith({ podPatch: { spec } }))).to.be.an('object');
    }
    expect(podOf(attemptWith({ podPatch: { spec: { securityContext: { runAsUser: 5 } } } }), policy)).to.be.an(
      'object',
    );
  });

  it('fills in resources that a container does not mention', () => {
    const resources = {
      default: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
      maximum: { cpu: 2, memory: '1Gi' },
    };
    const { spec } = podOf(
      attemptWith({ podPatch: { spec: { containers: [{ name: 'test', resources: { requests: { cpu: '1500m' }, limits: { memory: '1Gi' } } }] } } }),
      { resources },
    ); // prettier-ignore
    expect(spec?.initContainers?.[0]?.resources).to.deep.equal(resources.default);
    expect(spec?.containers[0]?.resources).to.deep.equal({
      requests: { cpu: '1500m' },
      limits: { cpu: '1500m', memory: '1Gi' },
    });
  });

  it('limits the resources of each container', () => {
    const resources = { default: { limits: { cpu: '1' } }, maximum: { cpu: '1500m' } };
    for (const amounts of [
      { limits: { cpu: 2 } },
      { limits: { cpu: '1.6' } },
      { requests: { cpu: '1501m' } },
      { limits: { cpu: 'much' } },
    ]) {
      for (const [way, spec] of patchesFor({ resources: amounts })) {
        expect(refusalOf(attemptWith({ podPatch: { spec } }), { resources }), way).to.contain('at most 1500m (resources.maximum.cpu)'); // prettier-ignore
      }
    }
    const pod = (cpu: string) => attemptWith({ podPatch: { spec: { resources: { limits: { cpu } } } } });
    expect(refusalOf(pod('2'), { resources })).to.contain(
      'spec.resources.limits.cpu is "2", which needs at most 1500m',
    );
    expect(podOf(pod('1'), { resources })).to.be.an('object');
    const own = attemptWith(undefined, { resources: { limits: { cpu: '1.5' } } });
    expect(podOf(own, { resources }).spec?.containers[0]?.resources?.limits).to.deep.equal({ cpu: '1.5' });
    expect(refusalOf(attemptWith(undefined, { resources: { limits: { cpu: '2' } } }), { resources })).to.be.a('string');
  });
});

describe('the file of a policy', () => {
  it('is YAML or JSON; what it leaves out is allowed to nobody', () => {
    const { allow, runAsNonRoot } = readPolicy('allow:\n  secrets: [registry]\n  hostPID: true\nrunAsNonRoot: true\n');
    expect(allow).to.deep.include({
      secrets: ['registry'],
      hostPID: true,
      hostIPC: false,
      images: ['*'],
      configMaps: [],
    });
    expect(runAsNonRoot).to.equal(true);
    for (const content of ['', '{}', '# nothing\n']) expect(readPolicy(content)).to.deep.equal(readPolicy('allow: {}'));
  });

  it('is refused with every mistake at once', () => {
    const read = () =>
      readPolicy(`
allow:
  hostPaths: [relative, /a/../b]
  hostpid: true
  privileged: 'yes'
  images: busybox
resources:
  default: { requests: { cpu: '3' }, limits: { memory: 2Gi } }
  maximum: { cpu: '2', memory: many }
secrets: { fromSecret: Bad_Name, named: { x: { secret: a } } }
`);
    let message = '';
    try {
      read();
    } catch (error) {
      message = String(error);
    }
    for (const place of ['allow.hostPaths[0]', 'allow.hostPaths[1]', 'allow.hostpid: unknown field "hostpid", did you mean "hostPID"?', 'allow.privileged: must be true or false, but is the text "yes"', 'allow.images: must be a list', 'resources.maximum.memory', 'secrets.fromSecret', 'secrets.named.x.key: is missing']) {
      expect(message).to.contain(place);
    } // prettier-ignore
    expect(() => readPolicy('allow: [')).to.throw(/line 1/);
    expect(() => readPolicy('- a')).to.throw('a policy is a map');
  });

  it('needs a default limit for each maximum, and no default above it', () => {
    const resources = (text: string) => () => readPolicy(`resources: ${text}`);
    expect(resources('{ maximum: { cpu: 2 } }')).to.throw('resources.default.limits.cpu: is missing');
    expect(resources('{ maximum: { cpu: 2 }, default: { limits: { cpu: 2500m } } }')).to.throw(
      'is above the maximum, 2',
    );
    expect(resources('{ default: { limits: { cpu: 1 }, requests: { cpu: 2 } } }')).to.throw('is above the limit, 1');
    expect(resources('{ maximum: { cpu: 2 }, default: { limits: { cpu: 2 } } }')).not.to.throw();
  });
});
