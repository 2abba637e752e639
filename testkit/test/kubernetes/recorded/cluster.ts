import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AskOptions, Place, PlainReply } from './place.js';
import { limitedRules, namespaces } from './place.js';

/** Sends a request to a base address, with the headers of a user. */
export async function askAt(
  url: string,
  headers: Record<string, string>,
  method: string,
  path: string,
  body: unknown,
  { contentType = 'application/json' }: AskOptions = {},
): Promise<PlainReply> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, 'content-type': contentType },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
}

/** A real cluster, behind `kubectl proxy`, with the namespaces of the table. The users are impersonated. */
export async function openCluster(kubeconfig: string): Promise<Place & { close: () => Promise<void> }> {
  const proxy = spawn('kubectl', ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(proxy.stdout, 'data')) as [Buffer];
  const url = `http://${/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] ?? ''}`;
  const place: Place = {
    url,
    token: '',
    ask: (method, path, body, options = {}) =>
      askAt(url, options.as === undefined ? {} : { 'impersonate-user': options.as }, method, path, body, options),
  };
  await prepare(place);
  return {
    ...place,
    close: async () => {
      proxy.kill();
      await once(proxy, 'exit');
    },
  };
}

async function prepare({ ask }: Place): Promise<void> {
  for (const name of Object.values(namespaces)) {
    const labels = name === namespaces.restricted ? { 'pod-security.kubernetes.io/enforce': 'restricted' } : {};
    await ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespaces.open}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await ask('POST', `${rbac}/roles`, { apiVersion, kind: 'Role', metadata: { name: 'limited' }, rules: limitedRules });
  await ask('POST', `${rbac}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name: 'limited' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'limited' },
    subjects: [{ kind: 'ServiceAccount', name: 'limited', namespace: namespaces.open }],
  });
}
