import type { Container, Pod, PodSpec } from '@chainr/testkit/kubernetes/objects';
import { untilFound } from '@chainr/testkit/until-found';

/** Where a client asks, and as whom. */
export interface Server {
  url: string;
  token: string;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The text as JSON; a Status if the request was refused. */
  body: {
    message?: string;
    reason?: string;
    code?: number;
    details?: unknown;
    metadata: Record<string, unknown>;
    [field: string]: unknown;
  };
}

export const podsPath = '/api/v1/namespaces/default/pods';

/** Sends one request, as a client does that knows nothing of the stand-in. */
export async function ask(
  { url, token }: Server,
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Reply['body']) : { metadata: {} },
  };
}

/** A pod that runs a script, with the fields of a container and of the specification replaced. */
export function podOf(
  name: string,
  script: string,
  container: Partial<Container> = {},
  spec: Partial<PodSpec> = {},
): object {
  const main = {
    name: 'main',
    image: 'busybox:latest',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', script],
    ...container,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [main], ...spec },
  };
}

export async function createPod(server: Server, pod: object): Promise<Pod> {
  const { status, body, text } = await ask(server, 'POST', podsPath, pod);
  if (status !== 201) throw new Error(`the pod was refused with ${status}: ${text}`);
  return body as unknown as Pod;
}

/** The pod; undefined if it does not exist. */
export async function readPod(server: Server, name: string): Promise<Pod | undefined> {
  const { status, body } = await ask(server, 'GET', `${podsPath}/${name}`);
  return status === 404 ? undefined : (body as unknown as Pod);
}

export function untilPod(server: Server, name: string, what: string, isFound: (pod: Pod) => boolean): Promise<Pod> {
  const look = () => readPod(server, name);
  return untilFound(`the pod ${name} ${what}`, look, (pod) => pod !== undefined && isFound(pod)) as Promise<Pod>;
}

export const isOver = ({ status }: Pod): boolean => ['Succeeded', 'Failed'].includes(status.phase);

export const isRunning = ({ status }: Pod): boolean =>
  (status.containerStatuses ?? []).every(({ state }) => state.running !== undefined) && status.phase === 'Running';

export async function untilGone(server: Server, name: string): Promise<void> {
  await untilFound(
    `the end of the object ${name}`,
    () => readPod(server, name),
    (pod) => pod === undefined,
  );
}

export async function readLog(server: Server, name: string, query = ''): Promise<string> {
  const { status, text } = await ask(server, 'GET', `${podsPath}/${name}/log${query}`);
  if (status !== 200) throw new Error(`the log was refused with ${status}: ${text}`);
  return text;
}

/**
 * Creates a pod and waits for its first line. A container is said to run before its script has begun, so a script that
 * sets a trap says so.
 */
export async function startPod(server: Server, pod: object): Promise<Pod> {
  const { metadata } = await createPod(server, pod);
  const look = () => ask(server, 'GET', `${podsPath}/${metadata.name}/log`);
  await untilFound(`the first line of ${metadata.name}`, look, ({ status, text }) => status === 200 && text !== '');
  return untilPod(server, metadata.name, 'to run', isRunning);
}

/** Begins to follow a log: resolves when the server has begun to answer. */
export function followLog({ url, token }: Server, name: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${url}${podsPath}/${name}/log?follow=true`, { headers });
}

/** Creates a pod, waits for its end, and returns it with its log. */
export async function runPod(server: Server, pod: object): Promise<{ pod: Pod; log: string }> {
  const { metadata } = await createPod(server, pod);
  const ended = await untilPod(server, metadata.name, 'to end', isOver);
  return { pod: ended, log: await readLog(server, metadata.name) };
}
