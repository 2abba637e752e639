import type { PlainMap } from '@chainr/core/pipeline/plain-values';

export interface MergeRow {
  name: string;
  /** The spec of a pod. */
  pod: PlainMap;
  /** A patch of that spec. */
  patch: PlainMap;
  /** The merged spec. */
  expected: PlainMap;
}

const a = { name: 'a', image: 'one' };
const b = { name: 'b', image: 'two' };
const main = { name: 'main', image: 'three' };

/** What is merged how, held against our own merge and against that of an API server. */
export const mergeRows: MergeRow[] = [
  {
    name: 'merges containers by name, and puts new ones before those that it does not mention',
    pod: { initContainers: [a, b], containers: [main] },
    patch: {
      initContainers: [
        { name: 'new', image: 'x' },
        { name: 'b', workingDir: '/w' },
      ],
    },
    expected: { initContainers: [{ name: 'new', image: 'x' }, a, { ...b, workingDir: '/w' }], containers: [main] },
  },
  {
    name: 'puts a new container before all others',
    pod: { initContainers: [a, b], containers: [main] },
    patch: { initContainers: [{ name: 'new', image: 'x' }] },
    expected: { initContainers: [{ name: 'new', image: 'x' }, a, b], containers: [main] },
  },
  {
    name: 'follows the order of the patch',
    pod: { initContainers: [a, b, { name: 'c', image: 'x' }], containers: [main] },
    patch: {
      initContainers: [
        { name: 'c', tty: true },
        { name: 'a', tty: true },
      ],
    },
    expected: {
      initContainers: [b, { name: 'c', image: 'x', tty: true }, { ...a, tty: true }],
      containers: [main],
    },
  },
  {
    name: 'merges variables by name and mounts by path',
    pod: {
      containers: [
        {
          ...main,
          env: [
            { name: 'ONE', value: '1' },
            { name: 'TWO', value: '2' },
          ],
          volumeMounts: [
            { name: 'v', mountPath: '/one' },
            { name: 'v', mountPath: '/two' },
          ],
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
    patch: {
      containers: [
        {
          name: 'main',
          env: [
            { name: 'TWO', value: 'two' },
            { name: 'ONE', $patch: 'delete' },
            { name: 'THREE', value: '3' },
          ],
          volumeMounts: [{ mountPath: '/two', readOnly: true, name: 'v' }],
        },
      ],
    },
    expected: {
      containers: [
        {
          ...main,
          env: [
            { name: 'TWO', value: 'two' },
            { name: 'THREE', value: '3' },
          ],
          volumeMounts: [
            { name: 'v', mountPath: '/one' },
            { name: 'v', mountPath: '/two', readOnly: true },
          ],
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  },
  {
    name: 'merges ports by number',
    pod: { containers: [{ ...main, ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    patch: {
      containers: [
        {
          name: 'main',
          ports: [
            { containerPort: 81, protocol: 'TCP' },
            { containerPort: 80, name: 'web' },
          ],
        },
      ],
    },
    expected: {
      containers: [
        {
          ...main,
          ports: [
            { containerPort: 81, protocol: 'TCP' },
            { containerPort: 80, protocol: 'TCP', name: 'web' },
          ],
        },
      ],
    },
  },
  {
    name: 'replaces tolerations and other lists without a merge key',
    pod: {
      containers: [{ ...main, args: ['a', 'b'], envFrom: [{ prefix: 'A_', configMapRef: { name: 'a' } }] }],
      tolerations: [{ key: 'one', operator: 'Exists' }],
    },
    patch: {
      containers: [{ name: 'main', args: ['c'], envFrom: [{ prefix: 'B_', configMapRef: { name: 'b' } }] }],
      tolerations: [{ key: 'two', operator: 'Exists' }],
    },
    expected: {
      containers: [{ ...main, args: ['c'], envFrom: [{ prefix: 'B_', configMapRef: { name: 'b' } }] }],
      tolerations: [{ key: 'two', operator: 'Exists' }],
    },
  },
  {
    name: 'replaces and deletes with $patch and null',
    pod: {
      containers: [{ ...main, securityContext: { runAsUser: 5, capabilities: { drop: ['ALL'] } }, workingDir: '/w' }],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', emptyDir: {} },
      ],
      nodeSelector: { one: '1', two: '2' },
    },
    patch: {
      containers: [{ name: 'main', securityContext: { $patch: 'replace', runAsGroup: 6 }, workingDir: null }],
      volumes: [{ $patch: 'replace' }, { name: 'x', emptyDir: { medium: 'Memory' } }],
      nodeSelector: { one: null, three: '3' },
    },
    expected: {
      containers: [{ ...main, securityContext: { runAsGroup: 6 } }],
      volumes: [{ name: 'x', emptyDir: { medium: 'Memory' } }],
      nodeSelector: { two: '2', three: '3' },
    },
  },
  {
    name: 'deletes items that exist, and leaves directives out of what is new',
    pod: { containers: [main], volumes: [{ name: 'v', emptyDir: {} }] },
    patch: {
      volumes: [
        { name: 'v', $patch: 'delete' },
        { name: 'gone', $patch: 'delete' },
      ],
      securityContext: { runAsUser: 5, runAsGroup: null },
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
    },
    expected: {
      containers: [main],
      volumes: [],
      securityContext: { runAsUser: 5 },
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
    },
  },
  {
    name: 'keeps with $retainKeys only what it names',
    pod: {
      containers: [main],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
    patch: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/tmp', type: '' } }] },
    expected: {
      containers: [main],
      volumes: [
        { name: 'v', hostPath: { path: '/tmp', type: '' } },
        { name: 'w', emptyDir: {} },
      ],
    },
  },
  {
    name: 'merges affinity and other maps field by field',
    pod: {
      containers: [main],
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }],
        },
      },
    },
    patch: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'Exists' }] }],
          },
        },
      },
    },
    expected: {
      containers: [main],
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }],
        },
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'Exists' }] }],
          },
        },
      },
    },
  },
];
