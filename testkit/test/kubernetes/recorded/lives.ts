import type { ContainerStatus, KubeEvent, Pod } from '@chainr/testkit/kubernetes/objects';
import { untilFound } from '@chainr/testkit/until-found';
import { openWatch } from '../watch-stream.js';
import { jsonOf, namespaces, type Place } from './place.js';

/** A pod, what is done to it, and when enough was seen of it. */
export interface Life {
  title: string;
  pod: object;
  isSeen: (pod: Pod) => boolean;
  /** Done once, when the pod runs. */
  act?: (place: Place, path: string) => Promise<unknown>;
}

/** What a watch saw of a pod: its states in order, and its events in the order of their texts. */
export interface SeenLife {
  states: string[];
  events: string[];
}

const pods = `/api/v1/namespaces/${namespaces.open}/pods`;
const events = `/api/v1/namespaces/${namespaces.open}/events`;

const isOver = ({ status }: Pod): boolean => ['Succeeded', 'Failed'].includes(status.phase);
const waitsFor =
  (reason: string) =>
  ({ status }: Pod): boolean =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].some(
      ({ state }) => state.waiting?.reason === reason,
    );
const isUnscheduled = ({ status }: Pod): boolean =>
  (status.conditions ?? []).some(({ type, status: is }) => type === 'PodScheduled' && is === 'False');

type Fields = Record<string, unknown>;
const strategic = { contentType: 'application/strategic-merge-patch+json' };

function podOf(name: string, container: Fields, spec: Fields = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, finalizers: ['chainr.dev/table'] },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 3,
      containers: [{ name: 'main', ...image, ...container }],
      ...spec,
    },
  };
}

const image = { image: 'busybox', imagePullPolicy: 'IfNotPresent' };
const sh = (script: string) => ({ command: ['sh', '-c', script] });
const untilTerm = sh('trap "exit 5" TERM; echo set; sleep 1000 & wait');
const init = (name: string, script: string, more: Fields = {}) => ({ name, ...image, ...sh(script), ...more });

export const lives: readonly Life[] = [
  { title: 'succeeds', pod: podOf('succeeds', sh('sleep 1')), isSeen: isOver },
  { title: 'fails', pod: podOf('fails', sh('sleep 1; echo because > /dev/termination-log; exit 3')), isSeen: isOver },
  {
    title: 'has two steps',
    pod: podOf('steps', sh('sleep 1'), { initContainers: [init('one', 'sleep 1'), init('two', 'sleep 1')] }),
    isSeen: isOver,
  },
  {
    title: 'fails in its first step',
    pod: podOf('first', sh('sleep 1'), { initContainers: [init('one', 'sleep 1; exit 4'), init('two', 'sleep 1')] }),
    isSeen: isOver,
  },
  {
    title: 'has a sidecar',
    pod: podOf('sidecar', sh('sleep 2'), {
      initContainers: [
        init('side', 'trap "exit 7" TERM; sleep 1000 & wait', {
          restartPolicy: 'Always',
          startupProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
        }),
      ],
    }),
    isSeen: isOver,
  },
  { title: 'has a program that does not exist', pod: podOf('program', { command: ['nonsense'] }), isSeen: isOver },
  { title: 'has a program that is not there', pod: podOf('path', { command: ['/none/nonsense'] }), isSeen: isOver },
  {
    title: 'has an image that does not exist',
    pod: podOf('image', { image: 'localhost:1/nonsense:1' }),
    isSeen: waitsFor('ImagePullBackOff'),
  },
  {
    title: 'has an image name that makes no sense',
    pod: podOf('image-name', { image: 'Non:sense:1' }),
    isSeen: waitsFor('InvalidImageName'),
  },
  {
    title: 'may not pull its image',
    pod: podOf('never-pull', { image: 'localhost:1/nonsense:1', imagePullPolicy: 'Never' }),
    isSeen: waitsFor('ErrImageNeverPull'),
  },
  {
    title: 'misses a Secret',
    pod: podOf('secret', {
      ...sh('true'),
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'a' } } }],
    }),
    isSeen: waitsFor('CreateContainerConfigError'),
  },
  {
    title: 'misses a ConfigMap',
    pod: podOf('config-map', { ...sh('true'), envFrom: [{ configMapRef: { name: 'none' } }] }),
    isSeen: waitsFor('CreateContainerConfigError'),
  },
  {
    title: 'may not run as root',
    pod: podOf('non-root', { ...sh('true'), securityContext: { runAsNonRoot: true } }),
    isSeen: waitsFor('CreateContainerConfigError'),
  },
  {
    title: 'finds no node',
    pod: podOf('selector', sh('true'), { nodeSelector: { 'chainr.dev/none': 'none' } }),
    isSeen: isUnscheduled,
  },
  {
    title: 'requests too much',
    pod: podOf('too-much', { ...sh('true'), resources: { requests: { cpu: '1000', memory: '1Pi' } } }),
    isSeen: isUnscheduled,
  },
  {
    title: 'is gated',
    pod: podOf('gated', sh('true'), { schedulingGates: [{ name: 'chainr.dev/table' }] }),
    isSeen: isUnscheduled,
  },
  { title: 'exceeds its deadline', pod: podOf('deadline', untilTerm, { activeDeadlineSeconds: 3 }), isSeen: isOver },
  {
    title: 'gets a deadline while it runs',
    pod: podOf('cancel', untilTerm),
    act: ({ ask }, path) => ask('PATCH', path, { spec: { activeDeadlineSeconds: 1 } }, strategic),
    isSeen: isOver,
  },
  {
    title: 'is deleted while it runs',
    pod: podOf('deleted', untilTerm),
    act: ({ ask }, path) => ask('DELETE', path),
    isSeen: isOver,
  },
  {
    title: 'is deleted and ignores TERM',
    pod: podOf('stubborn', sh('echo set; sleep 1000; true')),
    act: ({ ask }, path) => ask('DELETE', path),
    isSeen: isOver,
  },
  {
    title: 'is evicted while it runs',
    pod: podOf('evicted', untilTerm),
    act: ({ ask }, path) =>
      ask('POST', `${path}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } }),
    isSeen: isOver,
  },
];

export async function seeLife(place: Place, { pod, isSeen, act }: Life): Promise<SeenLife> {
  const { name } = (pod as Pod).metadata;
  const path = `${pods}/${name}`;
  const { resourceVersion } = jsonOf(await place.ask('GET', pods))['metadata'] as { resourceVersion: string };
  const since = `resourceVersion=${resourceVersion}`;
  const watch = await openWatch(place, pods, `${since}&fieldSelector=metadata.name%3D${name}`);
  const told = await openWatch(place, events, `${since}&fieldSelector=involvedObject.name%3D${name}`);
  const asPod = (object: unknown) => object as Pod;
  const created = await place.ask('POST', pods, pod);
  if (created.status !== 201) throw new Error(`a pod was refused: ${created.text}`);
  if (act) {
    await watch.until(({ object }) => asPod(object).status.phase === 'Running');
    // A container is said to run before its script has begun.
    await untilFound(
      'the script to be set',
      () => place.ask('GET', `${path}/log`),
      ({ text }) => text === 'set\n',
    );
    await act(place, path);
  }
  await watch.until(({ type, object }) => type !== 'DELETED' && isSeen(asPod(object)));
  await place.ask('DELETE', path);
  await place.ask('PATCH', path, { metadata: { finalizers: null } }, { contentType: 'application/merge-patch+json' });
  await watch.until(({ type }) => type === 'DELETED');
  watch.close();
  told.close();
  const seen = watch.events.filter(({ type }) => type !== 'DELETED').map(({ object }) => describePod(asPod(object)));
  const states = seen.filter((state, index) => state !== seen[index - 1]);
  const texts = told.events.map(({ object }) => describeEvent(object as unknown as KubeEvent));
  return { states, events: [...new Set(texts)].sort() };
}

function describePod({ metadata, spec, status }: Pod): string {
  const conditions = (status.conditions ?? [])
    .filter(
      ({ type, status: is }) =>
        ['PodScheduled', 'DisruptionTarget'].includes(type) && (is === 'False' || type === 'DisruptionTarget'),
    )
    .map(({ type, reason = '', message = '' }) => `${type} ${reason}: ${message}`);
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
    describeContainer,
  );
  const parts = [
    status.phase,
    ...(spec.nodeName === undefined ? ['no node'] : []),
    ...(status.reason === undefined ? [] : [`${status.reason}: ${status.message ?? ''}`]),
    ...(metadata.deletionTimestamp === undefined ? [] : [`deleted, grace ${metadata.deletionGracePeriodSeconds ?? 0}`]),
    ...conditions,
    ...containers,
  ];
  return plain(parts.join(' | '));
}

function describeContainer({ name, state, started, ready }: ContainerStatus): string {
  const { waiting, running, terminated } = state;
  const flags = `${started ? ' started' : ''}${ready ? ' ready' : ''}`;
  if (running) return `${name} runs${flags}`;
  if (terminated) {
    const { reason, exitCode, message } = terminated;
    return `${name} ended ${exitCode} ${reason}${message === undefined ? '' : `: ${message.trim()}`}${flags}`;
  }
  return `${name} waits ${waiting?.reason ?? ''}${waiting?.message === undefined ? '' : `: ${waiting.message}`}${flags}`;
}

function describeEvent({ type, reason, message, involvedObject }: KubeEvent): string {
  const where = involvedObject.fieldPath === undefined ? '' : ` ${involvedObject.fieldPath}`;
  return plain(`${type} ${reason}${where}: ${message}`);
}

function plain(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replace(/ to node-?1$/, ' to NODE')
    .replace(/\d+(\.\d+)?m?s\b/g, 'TIME');
}
