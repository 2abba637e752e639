import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isOwnPodLabel } from '@chainr/core/pipeline/names';
import { isPlainMap, type PlainMap } from '@chainr/core/pipeline/plain-values';
import type { AttemptSpec } from '../../port.js';
import { containerName } from '../names.js';
import type { PodJson } from '../pod/pod-json.js';
import { neverGate } from '../pod/pod-view.js';
import { messagePath, workspacePath, workspaceVolume } from '../pod/step-container.js';
import { itemsOf, mapOf } from './parts.js';
import { podMergeRules } from './pod-merge-rules.js';
import { mergeStrategically } from './strategic-merge.js';

/**
 * Merges the `podPatch` of an attempt into its pod.
 * @returns a sentence if the patch is not one, or changes what chainr relies on
 */
export function patchPod(built: PodJson, spec: AttemptSpec): { pod: PodJson } | { refusal: string } {
  if (!spec.kubernetes) return { pod: built };
  const { podPatch } = spec.kubernetes;
  const original = plain(built);
  const mistakes: string[] = [];
  const patched = podPatch
    ? plain(mergeStrategically(original, plain(podPatch), podMergeRules, (place, mistake) => {
        mistakes.push(`kubernetes.podPatch.${place} ${mistake}`);
      }))
    : original; // prettier-ignore
  if (mistakes.length > 0) return { refusal: `${mistakes.join('; ')}.` };
  const broken = [...brokenFields(original, patched, spec)];
  if (broken.length === 0) return { pod: patched };
  const fields = broken.join(', ');
  return { refusal: `The settings of its pod (kubernetes) must leave as they are what chainr relies on: ${fields}.` };
}

/** Only what JSON has, with maps of one kind, so that equal values are found equal. */
const plain = (value: unknown): PlainMap => JSON.parse(JSON.stringify(value)) as PlainMap;

/** The fields that chainr relies on and that are not as it made them. */
function* brokenFields(original: PlainMap, patched: PlainMap, spec: AttemptSpec): Generator<string> {
  const { steps, services = [] } = spec;
  const [was, is] = [mapOf(original['metadata']), mapOf(patched['metadata'])];
  for (const field of ['apiVersion', 'kind']) if (patched[field] !== original[field]) yield field;
  for (const field of ['name', 'namespace', 'generateName']) if (is[field] !== was[field]) yield `metadata.${field}`;
  yield* brokenMap('metadata.labels', mapOf(was['labels']), mapOf(is['labels']), isOwnPodLabel);
  yield* brokenMap('metadata.annotations', mapOf(was['annotations']), mapOf(is['annotations']), isOwnPodLabel);
  // The pod of a closed attempt, and its name, would stay for another finalizer (see Tombstones).
  if (!isDeepStrictEqual(is['finalizers'], was['finalizers'])) yield 'metadata.finalizers';

  const [had, has] = [mapOf(original['spec']), mapOf(patched['spec'])];
  for (const field of ['restartPolicy', 'activeDeadlineSeconds']) if (has[field] !== had[field]) yield `spec.${field}`;
  if (itemsOf(has['schedulingGates']).some(({ name }) => name === neverGate)) yield 'spec.schedulingGates';
  const volumes = itemsOf(has['volumes']).filter(({ name }) => name === workspaceVolume);
  const [workspace] = volumes;
  if (volumes.length !== 1 || !(isPlainMap(workspace?.['emptyDir']) || isPlainMap(workspace?.['ephemeral']))) {
    yield `spec.volumes[${workspaceVolume}]`;
  }
  const names = steps.map(({ name }) => containerName(name));
  yield* brokenContainers(had, has, names, services.map(({ name }) => name)); // prettier-ignore
}

function* brokenMap(place: string, was: PlainMap, is: PlainMap, isKept: (key: string) => boolean): Generator<string> {
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)].filter(isKept))) {
    if (was[key] !== is[key]) yield `${place}["${key}"]`;
  }
}

/** The steps are all init containers but sidecars, then the only container. */
function* brokenContainers(
  had: PlainMap,
  has: PlainMap,
  names: readonly string[],
  services: readonly string[],
): Generator<string> {
  const init = itemsOf(has['initContainers']);
  const added = init.filter(({ name, restartPolicy }) => !names.includes(String(name)) && restartPolicy !== 'Always');
  for (const { name } of added) {
    yield `spec.initContainers[${String(name)}] (only sidecars, with restartPolicy: Always, can be added)`;
  }
  const beside = init.map(({ name }) => name).filter((name) => services.includes(String(name)));
  if (!isDeepStrictEqual(beside, services)) yield 'spec.initContainers (the services and their order)';
  const before = init.map(({ name }) => name).filter((name) => names.includes(String(name)));
  if (!isDeepStrictEqual(before, names.slice(0, -1))) yield 'spec.initContainers (the steps and their order)';
  const main = itemsOf(has['containers']);
  if (!isDeepStrictEqual(main.map(({ name }) => name), names.slice(-1))) {
    yield 'spec.containers (the last step is the only container; a service or sidecar can run beside it)';
  } // prettier-ignore
  const containers = new Map([...init, ...main].map((each) => [each['name'], each]));
  for (const list of ['initContainers', 'containers']) {
    for (const was of itemsOf(had[list])) {
      const is = containers.get(was['name']);
      const place = `spec.${list}[${String(was['name'])}]`;
      if (is && services.includes(String(was['name']))) yield* brokenService(place, was, is);
      else if (is) yield* brokenContainer(place, was, is);
    }
  }
}

const kept = ['command', 'args', 'terminationMessagePath', 'terminationMessagePolicy', 'restartPolicy', 'restartPolicyRules']; // prettier-ignore

/** The kubelet starts the next container when the probe of a service succeeds. */
function* brokenService(place: string, was: PlainMap, is: PlainMap): Generator<string> {
  for (const field of ['restartPolicy', 'startupProbe']) {
    if (!isDeepStrictEqual(was[field], is[field])) yield `${place}.${field}`;
  }
}

function* brokenContainer(place: string, was: PlainMap, is: PlainMap): Generator<string> {
  for (const field of kept) if (!isDeepStrictEqual(was[field], is[field])) yield `${place}.${field}`;
  const mounts = itemsOf(is['volumeMounts']);
  const workspace = mounts.filter(({ name, mountPath }) => name === workspaceVolume || placeOf(mountPath) === workspacePath); // prettier-ignore
  if (!isDeepStrictEqual(workspace, [{ name: workspaceVolume, mountPath: workspacePath }])) {
    yield `${place}.volumeMounts["${workspacePath}"]`;
  }
  const folder = messagePath.slice(0, messagePath.lastIndexOf('/'));
  const hidden = mounts.find(({ mountPath }) => isWithin(placeOf(mountPath), folder));
  if (hidden) yield `${place}.volumeMounts["${String(hidden['mountPath'])}"] (outputs are collected there)`;
  const own = (list: unknown): PlainMap =>
    Object.fromEntries(itemsOf(list).map((variable) => [String(variable['name']), JSON.stringify(variable)]));
  yield* brokenMap(`${place}.env`, own(was['env']), own(is['env']), (name) => name.startsWith('CHAINR_'));
}

/** Where the kubelet mounts it: `shared/`, `//shared` and `/a/../shared` are all `/shared`. */
const placeOf = (mountPath: unknown): string => path.posix.resolve('/', String(mountPath));

const isWithin = (place: string, folder: string): boolean => place === folder || place.startsWith(`${folder}/`);
