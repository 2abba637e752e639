import { untilFound } from '@chainr/testkit/until-found';
import { jsonOf, limitedUser, namespaces, type Place, type PlainReply } from './place.js';

/** A row of the table: requests in order; the answers of the last ones are compared. */
export interface Refusal {
  title: string;
  run: (place: Place) => Promise<PlainReply | PlainReply[]>;
}

const core = '/api/v1';
const podsOf = (namespace: string) => `${core}/namespaces/${namespace}/pods`;
const pods = podsOf(namespaces.open);
const secrets = `${core}/namespaces/${namespaces.open}/secrets`;
const strategic = { contentType: 'application/strategic-merge-patch+json' };
const merge = { contentType: 'application/merge-patch+json' };
const jsonPatch = { contentType: 'application/json-patch+json' };

type Fields = Record<string, unknown>;

/** A pod that is never scheduled, so that it costs nothing. */
function gated(name: string, spec: Fields = {}, container: Fields = {}, metadata: Fields = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: {
      restartPolicy: 'Never',
      schedulingGates: [{ name: 'chainr.dev/table' }],
      containers: [{ name: 'main', image: 'busybox', command: ['true'], ...container }],
      ...spec,
    },
  };
}

const secret = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData: { key: 'value' },
});

/** Runs with a pod that is removed afterwards. */
async function withPod<T>(place: Place, pod: object, run: (path: string) => Promise<T>): Promise<T> {
  const { metadata } = pod as { metadata: { name: string } };
  const path = `${pods}/${metadata.name}`;
  const created = await place.ask('POST', pods, pod);
  if (created.status !== 201) throw new Error(`the pod of a case was refused: ${created.text}`);
  try {
    return await run(path);
  } finally {
    await place.ask('PATCH', path, { metadata: { finalizers: null } }, merge);
    await place.ask('DELETE', path, { gracePeriodSeconds: 0 });
  }
}

const create = (title: string, pod: object): Refusal => ({
  title,
  run: async ({ ask }) => {
    const reply = await ask('POST', pods, pod);
    if (reply.status === 201) await ask('DELETE', `${pods}/${(pod as { metadata: { name: string } }).metadata.name}`);
    return reply;
  },
});

interface Waiting {
  state: { waiting?: { reason: string }; terminated?: object };
}

/** A pod that the node gets, and the log of its container once it is in a state. */
const logOf = (title: string, pod: object, isIn: (container: Waiting) => boolean): Refusal => ({
  title,
  run: (place) =>
    withPod(place, pod, async (path) => {
      const stateOf = async () => {
        const status = jsonOf(await place.ask('GET', path))['status'] as { containerStatuses?: Waiting[] };
        return status.containerStatuses?.[0];
      };
      await untilFound(
        'the container to be in its state',
        stateOf,
        (container) => container !== undefined && isIn(container),
      );
      return place.ask('GET', `${path}/log?container=main`);
    }),
});

const started = (name: string, container: Fields, spec: Fields = {}): object =>
  gated(
    name,
    { schedulingGates: [], terminationGracePeriodSeconds: 1, ...spec },
    { imagePullPolicy: 'IfNotPresent', ...container },
  );

/** With a finalizer, so that it stays when it is deleted. */
const kept = (pod: object): object => {
  Object.assign((pod as { metadata: object }).metadata, { finalizers: ['chainr.dev/table'] });
  return pod;
};

const waitsFor =
  (reason: string) =>
  ({ state }: Waiting) =>
    state.waiting?.reason === reason;

const onPod = (
  title: string,
  name: string,
  run: (place: Place, path: string) => Promise<PlainReply>,
  pod = gated(name),
): Refusal => ({
  title,
  run: (place) => withPod(place, pod, (path) => run(place, path)),
});

export const refusals: readonly Refusal[] = [
  { title: 'get a pod that does not exist', run: ({ ask }) => ask('GET', `${pods}/none`) },
  { title: 'delete a pod that does not exist', run: ({ ask }) => ask('DELETE', `${pods}/none`) },
  { title: 'patch a pod that does not exist', run: ({ ask }) => ask('PATCH', `${pods}/none`, { metadata: {} }, merge) },
  { title: 'get the log of a pod that does not exist', run: ({ ask }) => ask('GET', `${pods}/none/log`) },
  {
    title: 'evict a pod that does not exist',
    run: ({ ask }) =>
      ask('POST', `${pods}/none/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'none' } }),
  },
  { title: 'get a namespace that does not exist', run: ({ ask }) => ask('GET', `${core}/namespaces/none`) },
  {
    title: 'create a pod in a namespace that does not exist',
    run: ({ ask }) => ask('POST', podsOf('none'), gated('any')),
  },
  {
    title: 'ask for a resource that does not exist',
    run: ({ ask }) => ask('GET', `${core}/namespaces/${namespaces.open}/nonsense`),
  },
  onPod('create a pod twice', 'twice', ({ ask }) => ask('POST', pods, gated('twice'))),
  onPod(
    'create a pod while the one of its name is being deleted',
    'leaving',
    async ({ ask }, path) => {
      await ask('DELETE', path);
      return ask('POST', pods, gated('leaving'));
    },
    gated('leaving', {}, {}, { finalizers: ['chainr.dev/table'] }),
  ),
  create('create a pod without a name', gated('')),
  create('create a pod with a bad name', gated('Bad_Name')),
  create('create a pod of another namespace', gated('elsewhere', {}, {}, { namespace: 'default' })),
  create('create something else as a pod', { ...gated('else'), kind: 'Secret' }),
  create('create a pod without containers', gated('empty', { containers: [] })),
  create(
    'create a pod with two containers of one name',
    gated('double', {
      containers: [
        { name: 'a', image: 'busybox' },
        { name: 'a', image: 'busybox' },
      ],
    }),
  ),
  create('create a pod without an image', gated('imageless', {}, { image: '' })),
  create('create a pod with a bad container name', gated('container-name', {}, { name: 'Main' })),
  create('create a pod with a bad restart policy', gated('policy', { restartPolicy: 'Sometimes' })),
  create(
    'create a pod that mounts a volume that it does not have',
    gated('volumeless', {}, { volumeMounts: [{ name: 'none', mountPath: '/none' }] }),
  ),
  create(
    'create a pod with two volumes of one name',
    gated('volumes', {
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
    }),
  ),
  create(
    'create a pod that mounts twice at one place',
    gated(
      'mounts',
      { volumes: [{ name: 'a', emptyDir: {} }] },
      {
        volumeMounts: [
          { name: 'a', mountPath: '/a' },
          { name: 'a', mountPath: '/a' },
        ],
      },
    ),
  ),
  create('create a pod with a bad label', gated('label', {}, {}, { labels: { 'a b': 'c', fine: 'not fine' } })),
  create('create a pod with a bad finalizer', gated('finalizer', {}, {}, { finalizers: ['chainr'] })),
  create('create a pod with a bad deadline', gated('deadline', { activeDeadlineSeconds: 0 })),
  create('create a pod with a bad grace', gated('grace', { terminationGracePeriodSeconds: -1 })),
  create('create a pod with bad quantities', gated('quantities', {}, { resources: { limits: { cpu: 'much' } } })),
  create(
    'create a pod that requests more than its limit',
    gated('request', {}, { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
  ),
  create('create a pod with a bad variable', gated('variable', {}, { env: [{ name: 'A=B', value: 'c' }] })),
  create('create a pod with an unknown priority class', gated('priority', { priorityClassName: 'none' })),
  create('create a pod with an unknown service account', gated('account', { serviceAccountName: 'none' })),
  create('create a pod with a field of the wrong type', gated('type', {}, { command: 'true' })),
  {
    title: 'create a pod with an unknown field',
    run: ({ ask }) => ask('POST', `${pods}?fieldValidation=Strict`, gated('unknown', { nonsense: 1 }, { other: true })),
  },
  onPod('patch the command of a pod', 'patched', ({ ask }, path) =>
    ask('PATCH', path, { spec: { containers: [{ name: 'main', command: ['false'] }] } }, strategic),
  ),
  onPod(
    'raise the deadline of a pod',
    'deadline-raised',
    ({ ask }, path) => ask('PATCH', path, { spec: { activeDeadlineSeconds: 20 } }, merge),
    gated('deadline-raised', { activeDeadlineSeconds: 10 }),
  ),
  onPod(
    'take the deadline off a pod',
    'deadline-off',
    ({ ask }, path) => ask('PATCH', path, { spec: { activeDeadlineSeconds: null } }, merge),
    gated('deadline-off', { activeDeadlineSeconds: 10 }),
  ),
  onPod(
    'add a finalizer to a pod that is being deleted',
    'late-finalizer',
    async ({ ask }, path) => {
      await ask('DELETE', path);
      return ask('PATCH', path, { metadata: { finalizers: ['chainr.dev/table', 'chainr.dev/late'] } }, merge);
    },
    gated('late-finalizer', {}, {}, { finalizers: ['chainr.dev/table'] }),
  ),
  onPod('patch a pod of another uid', 'patch-uid', ({ ask }, path) =>
    ask('PATCH', path, { metadata: { uid: '11111111-1111-1111-1111-111111111111' } }, merge),
  ),
  onPod('patch a pod of an older version', 'patch-version', ({ ask }, path) =>
    ask('PATCH', path, { metadata: { resourceVersion: '1', labels: { a: 'b' } } }, merge),
  ),
  onPod('patch a pod in an unknown form', 'patch-form', ({ ask }, path) =>
    ask('PATCH', path, {}, { contentType: 'text/plain' }),
  ),
  onPod('patch a pod by a test that fails', 'patch-test', ({ ask }, path) =>
    ask('PATCH', path, [{ op: 'test', path: '/metadata/name', value: 'other' }], jsonPatch),
  ),
  onPod('remove by a JSON patch what does not exist', 'patch-remove', ({ ask }, path) =>
    ask('PATCH', path, [{ op: 'remove', path: '/metadata/finalizers/0' }], jsonPatch),
  ),
  onPod('delete a pod of another uid', 'delete-uid', ({ ask }, path) =>
    ask('DELETE', path, { preconditions: { uid: '11111111-1111-1111-1111-111111111111' } }),
  ),
  onPod('delete a pod of an older version', 'delete-version', ({ ask }, path) =>
    ask('DELETE', path, { preconditions: { resourceVersion: '1' } }),
  ),
  onPod('delete a pod', 'deleted', ({ ask }, path) => ask('DELETE', path)),
  onPod('evict a pod', 'evicted', ({ ask }, path) =>
    ask('POST', `${path}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } }),
  ),
  onPod('get the log of a pod that is not scheduled', 'unscheduled', ({ ask }, path) => ask('GET', `${path}/log`)),
  onPod('get the log of a container that does not exist', 'no-container', ({ ask }, path) =>
    ask('GET', `${path}/log?container=none`),
  ),
  onPod(
    'get a log without saying of which container',
    'which',
    ({ ask }, path) => ask('GET', `${path}/log`),
    gated('which', {
      containers: [
        { name: 'a', image: 'busybox' },
        { name: 'b', image: 'busybox' },
      ],
    }),
  ),
  onPod('get a log with bad options', 'log-options', ({ ask }, path) =>
    ask('GET', `${path}/log?tailLines=-1&limitBytes=0&sinceSeconds=0`),
  ),
  onPod('get a log since two times', 'log-since', ({ ask }, path) =>
    ask('GET', `${path}/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z`),
  ),
  logOf(
    'get the log of a container that waits for another one',
    started(
      'log-waits',
      {},
      {
        initContainers: [
          { name: 'first', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sleep', '1000'] },
        ],
      },
    ),
    waitsFor('PodInitializing'),
  ),
  logOf(
    'get the log of a container whose image does not exist',
    started('log-image', { image: 'localhost:1/nonsense:1' }),
    waitsFor('ErrImagePull'),
  ),
  logOf(
    'get the log of a container that backs off',
    started('log-backs-off', { image: 'localhost:1/nonsense:1' }),
    waitsFor('ImagePullBackOff'),
  ),
  logOf(
    'get the log of a container that could not start',
    started('log-no-start', { command: ['nonsense'] }),
    ({ state }) => state.terminated !== undefined,
  ),
  logOf(
    'get the log of a container that said nothing',
    started('log-nothing', {}),
    ({ state }) => state.terminated !== undefined,
  ),
  {
    title: 'get the log of a pod that was deleted while it ran',
    run: (place) =>
      withPod(place, kept(started('log-vanished', { command: ['sleep', '1000'] })), async (path) => {
        await untilFound(
          'the pod to run',
          async () => (await place.ask('GET', path)).text,
          (text) => text.includes('"phase":"Running"'),
        );
        await place.ask('DELETE', path);
        const log = () => place.ask('GET', `${path}/log`);
        return untilFound('the log to vanish', log, ({ text }) => text.includes('unable to retrieve'));
      }),
  },
  {
    title: 'delete pods of a label that none has',
    run: ({ ask }) => ask('DELETE', `${pods}?labelSelector=none%3Dnone`),
  },
  { title: 'get a secret that does not exist', run: ({ ask }) => ask('GET', `${secrets}/none`) },
  {
    title: 'create a secret twice, and delete it',
    run: async ({ ask }) => {
      await ask('POST', secrets, secret('twice'));
      return [
        await ask('POST', secrets, secret('twice')),
        await ask('DELETE', `${secrets}/twice`),
        await ask('DELETE', `${secrets}/twice`),
      ];
    },
  },
  {
    title: 'select by a field that cannot be selected',
    run: ({ ask }) => ask('GET', `${pods}?fieldSelector=spec.hostname%3Da`),
  },
  { title: 'select by labels that make no sense', run: ({ ask }) => ask('GET', `${pods}?labelSelector=a+b`) },
  { title: 'continue a list that was never begun', run: ({ ask }) => ask('GET', `${pods}?limit=1&continue=nonsense`) },
  {
    title: 'watch from a version that is no number',
    run: ({ ask }) => ask('GET', `${pods}?watch=true&resourceVersion=nonsense`),
  },
  {
    title: 'watch from a version that is forgotten',
    run: ({ ask }) => ask('GET', `${pods}?watch=true&resourceVersion=1&timeoutSeconds=1`),
  },
  { title: 'list pods without the right to', run: ({ ask }) => ask('GET', pods, undefined, { as: 'nobody' }) },
  {
    title: 'list pods of all namespaces without the right to',
    run: ({ ask }) => ask('GET', `${core}/pods`, undefined, { as: limitedUser }),
  },
  { title: 'get a pod without the right to', run: ({ ask }) => ask('GET', `${pods}/any`, undefined, { as: 'nobody' }) },
  {
    title: 'create a pod without the right to',
    run: ({ ask }) => ask('POST', pods, gated('any'), { as: limitedUser }),
  },
  {
    title: 'patch a pod without the right to',
    run: ({ ask }) => ask('PATCH', `${pods}/any`, {}, { ...merge, as: limitedUser }),
  },
  {
    title: 'delete a pod without the right to',
    run: ({ ask }) => ask('DELETE', `${pods}/any`, undefined, { as: limitedUser }),
  },
  {
    title: 'delete all pods without the right to',
    run: ({ ask }) => ask('DELETE', pods, undefined, { as: limitedUser }),
  },
  {
    title: 'watch pods without the right to',
    run: ({ ask }) => ask('GET', `${pods}?watch=true`, undefined, { as: limitedUser }),
  },
  {
    title: 'get a log without the right to',
    run: ({ ask }) => ask('GET', `${pods}/any/log`, undefined, { as: limitedUser }),
  },
  {
    title: 'evict a pod without the right to',
    run: ({ ask }) => ask('POST', `${pods}/any/eviction`, {}, { as: limitedUser }),
  },
  {
    title: 'get a namespace without the right to',
    run: ({ ask }) => ask('GET', `${core}/namespaces/${namespaces.open}`, undefined, { as: limitedUser }),
  },
  {
    title: 'create a secret without the right to',
    run: ({ ask }) => ask('POST', secrets, secret('any'), { as: limitedUser }),
  },
  { title: 'list pods with the right to', run: ({ ask }) => ask('GET', pods, undefined, { as: limitedUser }) },
  {
    title: 'create a pod that breaks Pod Security restricted',
    run: ({ ask }) => ask('POST', podsOf(namespaces.restricted), gated('insecure')),
  },
  {
    title: 'create a pod that breaks every rule of Pod Security restricted',
    run: ({ ask }) =>
      ask(
        'POST',
        podsOf(namespaces.restricted),
        gated(
          'worst',
          { hostNetwork: true, hostPID: true, hostIPC: true, volumes: [{ name: 'host', hostPath: { path: '/tmp' } }] },
          {
            securityContext: {
              privileged: true,
              runAsUser: 0,
              capabilities: { add: ['SYS_ADMIN', 'NET_ADMIN'] },
              seccompProfile: { type: 'Unconfined' },
            },
            ports: [{ containerPort: 80, hostPort: 80 }],
          },
        ),
      ),
  },
  {
    title: 'create a pod that keeps Pod Security restricted',
    run: async ({ ask }) => {
      const context = {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      };
      const reply = await ask('POST', podsOf(namespaces.restricted), gated('secure', {}, { securityContext: context }));
      await ask('DELETE', `${podsOf(namespaces.restricted)}/secure`);
      return reply;
    },
  },
  {
    title: 'create more pods than the quota allows',
    run: async ({ ask }) => {
      const quotas = `${core}/namespaces/${namespaces.quota}/resourcequotas`;
      const usedOf = (reply: PlainReply) =>
        (jsonOf(reply)['status'] as { used?: { pods?: string } } | undefined)?.used?.pods;
      await ask('POST', quotas, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'few' },
        spec: { hard: { pods: '1', 'requests.cpu': '1' } },
      });
      await untilFound(
        'the quota to count',
        async () => usedOf(await ask('GET', `${quotas}/few`)),
        (used) => used === '0',
      );
      const resources = { requests: { cpu: '100m' } };
      const replies = [
        await ask('POST', podsOf(namespaces.quota), gated('without-request')),
        await ask('POST', podsOf(namespaces.quota), gated('first', {}, { resources })),
        await ask('POST', podsOf(namespaces.quota), gated('second', {}, { resources: { requests: { cpu: '1' } } })),
      ];
      await ask('DELETE', `${podsOf(namespaces.quota)}/first`);
      await ask('DELETE', `${quotas}/few`);
      return replies;
    },
  },
];
