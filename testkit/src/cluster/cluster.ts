import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { findCredentials, type Credentials } from '@chainr/executor/kubernetes/api/credentials';
import type { PodJson } from '@chainr/executor/kubernetes/pod/pod-json';

/** An answer other than success. */
export class ClusterRefusal extends Error {
  readonly status: number;

  constructor(what: string, status: number, text: string) {
    super(`${what}: ${String(status)} ${text}`);
    this.status = status;
  }
}

const mergePatch = 'application/merge-patch+json';

export interface PodList {
  metadata: { resourceVersion?: string };
  items: PodJson[];
}

/**
 * One namespace of a cluster, as somebody sees it who knows nothing of chainr: a client of its own, without limits and
 * without retries. It shares only the credentials with the executor.
 */
export class Cluster {
  readonly namespace: string;
  readonly #credentials: Credentials;

  private constructor(credentials: Credentials, namespace: string) {
    this.#credentials = credentials;
    this.namespace = namespace;
  }

  /** @param kubeconfig path of the file; its current namespace is the one unless another is named */
  static async open(kubeconfig: string, namespace?: string): Promise<Cluster> {
    const credentials = await findCredentials(kubeconfig, {});
    return new Cluster(credentials, namespace ?? credentials.namespace);
  }

  get #pods(): string {
    return `/api/v1/namespaces/${this.namespace}/pods`;
  }

  /** Lists pods by label. */
  list(labelSelector: string): Promise<PodList> {
    return this.#call('GET', `${this.#pods}?labelSelector=${encodeURIComponent(labelSelector)}`);
  }

  /**
   * Opens a watch of pods by label.
   *
   * @throws ClusterRefusal
   */
  async watch(labelSelector: string, version: string, signal: AbortSignal): Promise<IncomingMessage> {
    const query = `watch=true&resourceVersion=${version}&labelSelector=${encodeURIComponent(labelSelector)}`;
    const response = await this.#send('GET', `${this.#pods}?${query}`, undefined, '', signal);
    const { statusCode = 0 } = response;
    if (statusCode !== 200) throw new ClusterRefusal(`watch of ${this.#pods}`, statusCode, await textOf(response));
    return response;
  }

  /** Deletes a pod. @param graceSeconds undefined: its own grace */
  async deletePod(name: string, graceSeconds?: number): Promise<void> {
    await this.#call('DELETE', `${this.#pods}/${name}`, {
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    });
  }

  /** Removes a pod with its finalizers at once, so that its end is not seen. */
  async removePod(name: string): Promise<void> {
    await this.#call('PATCH', `${this.#pods}/${name}`, { metadata: { finalizers: null } }, mergePatch);
    await this.deletePod(name, 0);
  }

  /** Does that to all pods of a label. */
  async removePods(labelSelector: string): Promise<void> {
    const { items } = await this.list(labelSelector);
    await Promise.all(items.map(({ metadata }) => this.removePod(metadata?.name ?? '')));
  }

  async #call<T>(method: string, path: string, body?: object, contentType = 'application/json'): Promise<T> {
    const response = await this.#send(method, path, body, contentType);
    const text = await textOf(response);
    const { statusCode = 0 } = response;
    // What shall go may be gone.
    if (statusCode !== 404 && statusCode >= 400) throw new ClusterRefusal(`${method} ${path}`, statusCode, text);
    return JSON.parse(text) as T;
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    contentType: string,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const { headers, tls } = await this.#credentials.access();
    const url = new URL(path, this.#credentials.server);
    const payload = body && JSON.stringify(body);
    const options = {
      method,
      headers: {
        ...headers,
        ...(payload && { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
      },
      ...(signal && { signal }),
    };
    const request = url.protocol === 'http:' ? http.request(url, options) : https.request(url, { ...options, ...tls });
    request.end(payload);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
