import type { ServerResponse } from 'node:http';
import type { Pod } from '../objects.js';
import type { ContainerRun } from '../node/container-run.js';
import type { Node } from '../node/node.js';
import { readContainerLog, type LogOptions } from '../node/read-container-log.js';
import type { ObjectStore } from '../store/object-store.js';
import type { ApiRequest } from './api-request.js';
import { ApiError, badRequest, invalid, notFound, type FieldMistake } from './status.js';

/** Answers `pods/log` as the API server and the kubelet behind it do. */
export async function readLog(
  store: ObjectStore,
  node: Node,
  request: ApiRequest,
  response: ServerResponse,
): Promise<void> {
  const { resource, namespace, name, query } = request;
  const pod = store.get('pods', namespace, name);
  if (!pod) throw notFound(resource, name);
  const options = readOptions(name, query);
  const container = chooseContainer(pod, query.get('container') ?? '');
  if (pod.spec.nodeName === undefined) {
    response.writeHead(204).end();
    return;
  }
  if (node.isSilent) {
    const place = `https://127.0.0.1:10250/containerLogs/${namespace}/${name}/${container}`;
    const why = `Get "${place}": dial tcp 127.0.0.1:10250: connect: no route to host`;
    throw new ApiError(500, 'InternalError', why);
  }
  const run = node.workerOf(pod)?.runs.find(({ spec }) => spec.name === container);
  if (!run) throw badRequest(`container "${container}" in pod "${name}" is not available`);
  const isPrevious = query.get('previous') === 'true';
  if (!isPrevious) refuseWaiting(run, name);
  else if (!run.status.lastState.terminated) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  const log = isPrevious ? run.previousLog : run.log;
  response.writeHead(200, { 'content-type': 'text/plain' });
  if (!log) {
    // Not an error: the API server has begun its answer when the kubelet finds that there is no log.
    response.end(`unable to retrieve container logs for ${run.status.containerID ?? ''}`);
    return;
  }
  response.flushHeaders();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  node.logReaders.add(gone);
  for await (const bytes of readContainerLog(log, options, gone.signal)) {
    if (!response.write(bytes)) await drained(response);
  }
  node.logReaders.delete(gone);
  response.end();
}

/** Resolves when there is room for more, or nobody who reads it. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) return resolve();
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

function chooseContainer({ metadata, spec }: Pod, asked: string): string {
  const names = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);
  if (asked !== '') {
    if (!names.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${metadata.name}`);
    return asked;
  }
  const [only, second] = spec.containers;
  if (only && !second) return only.name;
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`);
}

function refuseWaiting({ state, spec, status }: ContainerRun, podName: string): void {
  const reason = state.waiting?.reason;
  if (reason === undefined || status.lastState.terminated) return;
  const texts: Record<string, string> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: 'trying and failing to pull image',
  };
  throw badRequest(`container "${spec.name}" in pod "${podName}" is waiting to start: ${texts[reason] ?? reason}`);
}

function readOptions(name: string, query: URLSearchParams): LogOptions {
  const mistakes: FieldMistake[] = [];
  const refuse = (field: string, value: number, why: string) =>
    mistakes.push({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${value}: ${why}` });
  const number = (key: string): number | undefined => {
    const text = query.get(key);
    return text === null || text === '' ? undefined : Number(text);
  };
  const isTrue = (key: string): boolean => ['true', '1'].includes(query.get(key) ?? '');
  const [tailLines, limitBytes, sinceSeconds] = [number('tailLines'), number('limitBytes'), number('sinceSeconds')];
  const sinceTime = query.get('sinceTime');
  if (tailLines !== undefined && tailLines < 0) refuse('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1) refuse('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && sinceTime !== null) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    mistakes.push({ reason: 'FieldValueForbidden', field: '[]', message });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1)
    refuse('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (mistakes.length > 0) throw invalid('PodLogOptions', '', name, mistakes);
  // The API server passes on whole seconds only.
  const sinceMs =
    sinceTime === null
      ? Date.now() - (sinceSeconds ?? Infinity) * 1_000
      : Math.floor(Date.parse(sinceTime) / 1_000) * 1_000;
  return {
    follow: isTrue('follow'),
    timestamps: isTrue('timestamps'),
    ...(sinceMs > 0 && { sinceMs }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}
