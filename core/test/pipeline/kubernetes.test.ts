import { expect } from 'chai';
import { podSettings } from '../../src/pipeline/pod-settings.js';
import { readYaml } from '../../src/pipeline/reading/read-yaml.js';
import { accepted, refusedWith, written } from './build-pipeline.js';

const mistakesIn = (kubernetes: unknown) =>
  refusedWith(written({ job: { kubernetes } })).map((mistake) => mistake.replace('jobs.job.kubernetes', 'kubernetes'));

describe('the settings of pods', () => {
  it('are kept as they were written, on the pipeline and on the job', () => {
    const kubernetes = {
      namespace: 'builds',
      serviceAccount: 'builder',
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }, { operator: 'Exists' }],
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}] } } },
      imagePullSecrets: ['registry.example.com'],
      labels: { team: 'data', 'example.com/empty': '' },
      annotations: { 'example.com/text': 'any text,\non several lines' },
      priorityClassName: 'high',
      runtimeClassName: 'gvisor',
      volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Gi' } }],
      volumeMounts: [{ name: 'cache', mountPath: '/cache', readOnly: true }],
      podPatch: { spec: { hostname: null, containers: [{ name: 'main', 'x-y': 1, tty: true }] } },
    }; // prettier-ignore
    const pipeline = accepted(written({ job: { kubernetes } }, { kubernetes }));
    expect(JSON.parse(JSON.stringify(pipeline.kubernetes))).to.deep.equal(kubernetes);
    expect(JSON.parse(JSON.stringify(pipeline.jobs[0]?.kubernetes))).to.deep.equal(kubernetes);
  });

  it('of a job replace those of its pipeline, and the maps of labels are merged', () => {
    const pipeline = {
      namespace: 'a',
      labels: { all: '1', both: '1' },
      nodeSelector: { disk: 'ssd' },
      volumes: [{ name: 'a' }],
      podPatch: { spec: { hostname: 'a' } },
    };
    const job = { labels: { both: '2', own: '2' }, annotations: { a: 'b' }, volumes: [], podPatch: { metadata: {} } };
    expect(podSettings(pipeline, job)).to.deep.equal({
      namespace: 'a',
      labels: { all: '1', both: '2', own: '2' },
      nodeSelector: { disk: 'ssd' },
      annotations: { a: 'b' },
      volumes: [],
      podPatch: { metadata: {} },
    });
    expect(podSettings(pipeline)).to.deep.equal(pipeline);
    expect(podSettings(undefined, job)).to.deep.equal(job);
    expect(podSettings()).to.equal(undefined);
  });

  for (const [name, shown] of [
    ['.inf', Infinity],
    ['-.inf', -Infinity],
    ['.nan', NaN],
  ] as const)
    // prettier-ignore
    it(`have no number that JSON cannot represent, as a patch would delete the field then: ${name}`, () => {
      const mistake = 'is not a value that JSON can represent';
      expect(
        mistakesIn({
          affinity: { nodeAffinity: { weight: shown } },
          volumes: [{ name: 'a', emptyDir: { sizeLimit: shown } }],
          podPatch: { spec: { priority: shown, tolerations: [{ tolerationSeconds: shown }], overhead: 1.5 } },
        }),
      ).to.deep.equal([
        `kubernetes.affinity.nodeAffinity.weight: ${mistake}`,
        `kubernetes.volumes[0].emptyDir.sizeLimit: ${mistake}`,
        `kubernetes.podPatch.spec.priority: ${mistake}`,
        `kubernetes.podPatch.spec.tolerations[0].tolerationSeconds: ${mistake}`,
      ]);
      const yaml = `kind: Pipeline\nkubernetes: { podPatch: { spec: { priority: ${name} } } }\njobs: { a: { image: x, run: y } }`;
      expect(refusedWith(readYaml(yaml))).to.deep.equal([`kubernetes.podPatch.spec.priority: ${mistake}`]);
      accepted(written({ job: { 'x-limit': shown } }));
    });

  it('have names and labels in the syntax of Kubernetes', () => {
    const label = 'has at most 63 letters, digits, ".", "-" and "_", and begins and ends with a letter or digit';
    const object =
      'the name of an object of Kubernetes has at most 253 lower-case letters, digits, "-" and ".", and begins and ends with a letter or digit';
    const key =
      'the key of a label or annotation is a name such as "team" or "example.com/team", of at most 63 characters after the "/"';
    expect(
      mistakesIn({
        namespace: 'a.b',
        serviceAccount: 'Builder',
        priorityClassName: '',
        runtimeClassName: 'x'.repeat(254),
        imagePullSecrets: ['ok', 'not ok'],
        nodeSelector: { 'a/b/c': 'x', disk: 'a b' },
        labels: { team: 'x'.repeat(64), on: true, 'chainr.dev/run': 'x', 'app.kubernetes.io/name': 'x' },
        annotations: { ' ': 'x', 'app.kubernetes.io/managed-by': 'me', number: 1 },
      }),
    ).to.have.members([
      'kubernetes.namespace: must be the name of a namespace: 1 to 63 lower-case letters, digits and hyphens',
      `kubernetes.serviceAccount: ${object}`,
      `kubernetes.priorityClassName: ${object}`,
      `kubernetes.runtimeClassName: ${object}`,
      `kubernetes.imagePullSecrets[1]: ${object}`,
      `kubernetes.nodeSelector["a/b/c"]: ${key}`,
      `kubernetes.nodeSelector.disk: ${label}`,
      `kubernetes.labels.team: ${label}`,
      'kubernetes.labels.on: must be text, but is true; write it in quotes',
      'kubernetes.labels["chainr.dev/run"]: is set by chainr itself; use another key',
      'kubernetes.labels["app.kubernetes.io/name"]: is set by chainr itself; use another key',
      `kubernetes.annotations[" "]: ${key}`,
      'kubernetes.annotations["app.kubernetes.io/managed-by"]: is set by chainr itself; use another key',
      'kubernetes.annotations.number: must be text, but is the number 1; write it in quotes',
    ]);
  });

  it('have tolerations that the API server would accept', () => {
    expect(
      mistakesIn({
        tolerations: [
          {},
          { key: 'gpu', operator: 'Exists', value: 'a' },
          { key: 'gpu', tolerationSeconds: 3 },
          { key: 'gpu', operator: 'exists' },
          { key: 'gpu', effects: 'NoSchedule' },
          { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 },
        ],
      }),
    ).to.have.members([
      'kubernetes.tolerations[0]: has no "key"; write operator: Exists to tolerate every taint, or name the key',
      'kubernetes.tolerations[1]: has a "value", which operator: Exists does not compare; remove one of the two',
      'kubernetes.tolerations[2]: has "tolerationSeconds", which only effect: NoExecute may have',
      'kubernetes.tolerations[3].operator: must be "Exists" or "Equal" or "Lt" or "Gt", but is the text "exists"',
      'kubernetes.tolerations[4].effects: unknown field "effects", did you mean "effect"?',
    ]);
  });

  it('are maps and lists where Kubernetes has them, with names of volumes once', () => {
    expect(
      mistakesIn({
        affinity: [],
        podPatch: 'x',
        labels: ['a'],
        volumeMounts: [{ name: 'a' }],
        volumes: [{ emptyDir: {} }, { name: 'a' }, { name: 'a' }, 'a'],
      }),
    ).to.have.members([
      'kubernetes.affinity: must be a map, but is a list',
      'kubernetes.podPatch: must be a map, but is the text "x"',
      'kubernetes.labels: must be a map, but is a list',
      'kubernetes.volumeMounts[0].mountPath: is missing, it must be text',
      'kubernetes.volumes[0].name: is missing, it must be text',
      'kubernetes.volumes[3]: must be a map, but is the text "a"',
      'kubernetes.volumes[2].name: "a" is named twice',
    ]);
  });

  it('are limited in their size, their nesting and their entries', () => {
    const annotations = (bytes: number) => ({ annotations: { a: 'x'.repeat(bytes) } });
    const frame = JSON.stringify(annotations(0)).length;
    accepted(written({ job: { kubernetes: annotations(262_144 - frame) } }));
    expect(mistakesIn(annotations(262_145 - frame))).to.deep.equal([
      'kubernetes: has 262145 bytes as JSON, but at most 262144 are allowed',
    ]);
    expect(refusedWith(written({ job: {} }, { kubernetes: annotations(262_144) }))).to.deep.equal([
      `kubernetes: has ${String(262_144 + frame)} bytes as JSON, but at most 262144 are allowed`,
    ]);
    let deep: object = {};
    for (let level = 0; level < 40; level += 1) deep = { deep };
    expect(mistakesIn({ podPatch: deep })[0]).to.equal('kubernetes: is nested deeper than 32 levels');
    expect(mistakesIn({ volumes: Array.from({ length: 101 }, () => ({})) })).to.include(
      'kubernetes.volumes: has 101 entries, but at most 100 are allowed',
    );
  });

  it('name what chainr has for the words of other systems', () => {
    expect(
      refusedWith(
        written({
          job: { nodeSelector: {}, podSpecPatch: '', serviceAccountName: 'x', kubernetes: { spec: {}, serviceAccountName: 'x' } },
        }), // prettier-ignore
      ),
    ).to.have.members([
      'jobs.job.nodeSelector: unknown field "nodeSelector"; write it as kubernetes: { nodeSelector: … }',
      'jobs.job.podSpecPatch: unknown field "podSpecPatch"; write it as kubernetes: { podPatch: … }',
      'jobs.job.serviceAccountName: unknown field "serviceAccountName"; write it as kubernetes: { serviceAccount: … }',
      'jobs.job.kubernetes.spec: unknown field "spec"; write a part of a Pod as podPatch: { spec: { … } }',
      'jobs.job.kubernetes.serviceAccountName: unknown field "serviceAccountName"; write serviceAccount: NAME',
    ]);
  });
});

describe('values of the cluster', () => {
  const withValue = (value: unknown) => written({ job: { env: { VALUE: value } } });
  const mistakesOf = (value: unknown) =>
    refusedWith(withValue(value)).map((mistake) => mistake.replace('jobs.job.env.', ''));

  it('are keys of Secrets and ConfigMaps, in every env', () => {
    const secret = { kubernetesSecret: 'registry', key: 'tls.crt' };
    const config = { configMap: 'settings', key: '_LEVEL-1' };
    const steps = [{ name: 'one', image: 'busybox', run: 'exit 0', env: { C: config } }];
    const { env, jobs } = accepted(
      written({ job: { run: undefined, env: { B: secret, PS1: secret }, steps } }, { env: { A: config } }),
    );
    expect(env).to.deep.equal({ A: config });
    expect(jobs[0]?.env).to.deep.equal({ B: secret, PS1: secret });
    expect(jobs[0]?.steps[0]?.env).to.deep.equal({ C: config });
    expect(jobs[0]?.references).to.deep.equal({ outputsOf: {} });
  });

  it('are refused with the mistakes of the form that was meant', () => {
    const key = 'a key has at most 253 letters, digits, "-", "_" and ".", and is not "." or "..", nor begins with ".."';
    expect(mistakesOf({ kubernetesSecret: 'a' })).to.deep.equal(['VALUE.key: is missing, it must be text']);
    expect(mistakesOf({ configMap: 1, key: 'a' })).to.deep.equal([
      'VALUE.configMap: must be text, but is the number 1; write it in quotes',
    ]);
    for (const wrong of ['', '.', '..', '..a', 'a/b', 'x'.repeat(254)]) {
      expect(mistakesOf({ configMap: 'a', key: wrong }), wrong).to.deep.equal([`VALUE.key: ${key}`]);
    }
    accepted(withValue({ configMap: 'a', key: '.dockerconfigjson' }));
    expect(mistakesOf({ secret: 'a', key: 'b' })).to.deep.equal(['VALUE.key: unknown field "key"']);
    expect(mistakesOf({ configMap: 'a', kye: 'b' })).to.have.members([
      'VALUE.key: is missing, it must be text',
      'VALUE.kye: unknown field "kye"',
    ]);
    expect(mistakesOf({ valueFrom: { secretKeyRef: {} } })).to.include(
      'VALUE.valueFrom: unknown field "valueFrom"; write a value of the cluster as { kubernetesSecret: NAME, key: KEY } or { configMap: NAME, key: KEY }',
    );
  });
});
